import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { Email, Flag, Id, Ids, Instant, Note, OneOf, PageOf, PageQuery, Part, Password, Phone, Text, Version, WithFaults } from '#core';

export const USER_STATUSES = ['INVITED', 'ACTIVE', 'SUSPENDED', 'TERMINATED'] as const;
export type UserStatusCode = (typeof USER_STATUSES)[number];

const FIRST_NAME = { example: 'Ada' };
const LAST_NAME = { example: 'Lovelace' };
const NEXT =
  'ACTIVE and SUSPENDED become one another; they and INVITED become TERMINATED, for good. INVITED becomes ACTIVE by its link only.';
const EXTERNAL_ID = { nullable: true, example: 'P-1042', description: "The payroll's number." };

export class RoleReference {
  @Id() id!: string;
  @Text(255, { example: 'Payroll' }) name!: string;
}

/** What everybody sees of a colleague. */
export class ColleagueView {
  @Id() id!: string;
  @Text(255, FIRST_NAME) firstName!: string;
  @Text(255, LAST_NAME) lastName!: string;
}

/** A user, for oneself and for holders of `read_user`. */
export class UserView extends ColleagueView {
  @Email() email!: string;
  @Phone({ nullable: true }) phoneNumber!: string | null;
  @Text(255, EXTERNAL_ID) externalId!: string | null;
  @OneOf(USER_STATUSES, { example: 'ACTIVE' }) status!: UserStatusCode;
  @Part(() => RoleReference) role!: RoleReference;
  @Flag({ example: false }) isAnonymized!: boolean;
  @Flag({ example: false }) mustChangePasswordAtNextLogin!: boolean;
  @Instant({ nullable: true, description: 'A sign-in does not move the version.' }) lastLogin!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

/** Schema of an answer that depends on who asks. A user is a colleague too, and so comes first. */
export const USER_OR_COLLEAGUE = {
  title: 'UserOrColleague',
  anyOf: [{ $ref: getSchemaPath(UserView) }, { $ref: getSchemaPath(ColleagueView) }],
};

export class UserPage {
  @ApiProperty({ type: 'array', items: USER_OR_COLLEAGUE }) items!: (UserView | ColleagueView)[];
  @Text(4000, { nullable: true, example: null }) nextCursor!: string | null;
}

export class UserQuery extends PageQuery {
  @OneOf(USER_STATUSES, { optional: true, description: 'Needs `read_user`.', example: 'ACTIVE' }) status?: UserStatusCode;
  @Text(255, { optional: true, description: 'Id or name of a role. Needs `read_user`.', example: 'Manager' }) role?: string;
  @Id({ optional: true, description: 'Members of this team.' }) teamId?: string;
  @Text(255, {
    optional: true,
    blank: true,
    description: 'Any part of a name or, with `read_user`, of the e-mail, in any case.',
    example: 'love',
  })
  q?: string;
  @Text(255, { optional: true, description: 'Finds only oneself without `read_user`.', example: 'P-1042' }) externalId?: string;
}

@WithFaults()
export class CreateUser {
  @Email() email!: string;
  @Text(255, FIRST_NAME) firstName!: string;
  @Text(255, LAST_NAME) lastName!: string;
  @Id({ description: 'Its permissions must all be held by the caller.' }) roleId!: string;
  @Phone({ optional: true, nullable: true }) phoneNumber?: string | null;
  @Text(255, { ...EXTERNAL_ID, optional: true }) externalId?: string | null;
  @Password({
    optional: true,
    description: 'With it the user is ACTIVE and must change it; without it the user is INVITED by mail. Not with an API key.',
  })
  password?: string;
}

/** What everybody may change of themselves. */
export class UpdateProfile {
  @Text(255, { ...FIRST_NAME, optional: true }) firstName?: string;
  @Text(255, { ...LAST_NAME, optional: true }) lastName?: string;
  @Phone({ optional: true, nullable: true }) phoneNumber?: string | null;
}

export class UpdateUser extends UpdateProfile {
  @Email({ optional: true, description: 'Signs the user out everywhere; the old address is told. Needs `update_user`.' }) email?: string;
  @Text(255, { ...EXTERNAL_ID, optional: true }) externalId?: string | null;
  @Id({ optional: true, description: 'Needs `assign_role`.' }) roleId?: string;
}

export class ChangeStatus {
  @OneOf(USER_STATUSES, { example: 'SUSPENDED', description: NEXT }) code!: UserStatusCode;
  @Note({ example: 'On parental leave' }) reason?: string | null;
}

export class Approvers {
  @Ids(100, { description: 'Who decides the timesheets of the user under the policy `explicit`: all of them.' }) approverIds!: string[];
}

export class UserStatusView {
  @Id() id!: string;
  @OneOf(USER_STATUSES, { example: 'ACTIVE' }) code!: UserStatusCode;
  @Text(50, { example: 'Active' }) name!: string;
  @Text(4000, { nullable: true, example: 'Works here and signs in.' }) description!: string | null;
  @Flag({ description: 'Whether a user of this status may sign in.' }) canLogin!: boolean;
  @Flag({ description: 'Whether there is no way back out of it.', example: false }) isTerminal!: boolean;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class UserStatusPage extends PageOf(UserStatusView) {}
