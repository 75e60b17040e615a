import { Column, Entity, Index, JoinColumn, ManyToOne, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { BaseEntity, CompanyEntity, NotPersonal, Personal, sameCompany } from '#core';
import { Role } from '#rbac';

/** INVITED, ACTIVE, SUSPENDED, TERMINATED; the same for every company. */
@Entity('user_statuses')
@Unique('user_statuses_code_unique', ['code'])
@Unique('user_statuses_name_unique', ['name'])
export class UserStatus extends BaseEntity {
  @Column('varchar', { length: 50 }) @NotPersonal() code!: string;

  @Column('varchar', { length: 50 }) @NotPersonal() name!: string;

  @Column('text', { nullable: true }) @NotPersonal() description!: string | null;

  /** Whether a user of this status may sign in. */
  @Column('boolean', { default: true }) @NotPersonal() canLogin!: boolean;

  /** Whether there is no way back out of it. */
  @Column('boolean', { default: false }) @NotPersonal() isTerminal!: boolean;
}

/** A person in one company; the same person in two companies is two rows. */
@Entity('users')
@Index('users_email_unique', ['companyId', 'email'], { unique: true, where: '"deletedAt" IS NULL' })
@Index('users_external_id_unique', ['companyId', 'externalId'], { unique: true, where: '"deletedAt" IS NULL' })
// Of an expression, which TypeORM cannot say: the migration has it.
@Index('users_external_id_any_case_unique', { synchronize: false })
@Index('users_role_idx', ['companyId', 'roleId'])
@Index('users_status_idx', ['companyId', 'statusId'])
@Index('users_name_idx', ['companyId', 'lastName', 'firstName', 'id'])
@Index('users_deleted_idx', ['companyId', 'deletedAt'], { where: '"deletedAt" IS NOT NULL' })
@Index('users_email_idx', ['email'])
export class User extends CompanyEntity {
  @Column('citext')
  @Personal({ kind: 'contact', whose: 'id', purpose: 'sign-in and notices', erasure: { replaceWith: 'deleted-<id>@<domain>' } })
  email!: string;

  /** Since when the user has had this e-mail; null: since the account was made. */
  @Column('timestamptz', { nullable: true })
  @Personal({ kind: 'activity', whose: 'id', purpose: 'which account of an e-mail comes first at sign-in', erasure: 'clear' })
  emailSince!: Date | null;

  @Column('varchar', { length: 255 })
  @Personal({ kind: 'identity', whose: 'id', purpose: 'naming the person', erasure: { replaceWith: 'Deleted' } })
  firstName!: string;

  @Column('varchar', { length: 255 })
  @Personal({ kind: 'identity', whose: 'id', purpose: 'naming the person', erasure: { replaceWith: 'User' } })
  lastName!: string;

  /** argon2id in PHC form; empty where no password can be right. */
  @Column('varchar', { length: 255 })
  @Personal({ kind: 'credential', whose: 'id', purpose: 'sign-in', erasure: 'empty' })
  passwordHash!: string;

  @Column('boolean', { default: false }) @NotPersonal() mustChangePasswordAtNextLogin!: boolean;

  @Column('uuid')
  @Personal({ kind: 'employment', whose: 'id', purpose: 'what the person may do', erasure: 'keep' })
  roleId!: string;

  @ManyToOne(() => Role, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('roleId'))
  role!: Relation<Role>;

  /** E.164. */
  @Column('varchar', { length: 32, nullable: true })
  @Personal({ kind: 'contact', whose: 'id', purpose: 'reaching the person', erasure: 'clear' })
  phoneNumber!: string | null;

  /** The payroll's number of the person. */
  @Column('varchar', { length: 255, nullable: true })
  @Personal({ kind: 'employment', whose: 'id', purpose: 'payroll', erasure: 'clear' })
  externalId!: string | null;

  @Column('timestamptz', { nullable: true })
  @Personal({ kind: 'activity', whose: 'id', purpose: 'finding unused accounts', erasure: 'clear' })
  lastLogin!: Date | null;

  @Column('boolean', { default: false }) @NotPersonal() isAnonymized!: boolean;

  @Column('uuid')
  @Personal({ kind: 'employment', whose: 'id', purpose: 'whether the person may sign in', erasure: 'keep' })
  statusId!: string;

  @ManyToOne(() => UserStatus, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'statusId' })
  status!: Relation<UserStatus>;
}

/** The base of what belongs to one user. */
export abstract class UserOwned extends CompanyEntity {
  @Column('uuid')
  @Personal({ kind: 'identity', whose: 'userId', purpose: 'whose record it is', erasure: 'keep' })
  userId!: string;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('userId'))
  user!: Relation<User>;
}

/** Who decides a user's timesheets under the policy `explicit`. */
@Entity('user_approvers')
@Index('user_approvers_unique', ['companyId', 'userId', 'approverId'], { unique: true, where: '"deletedAt" IS NULL' })
@Index('user_approvers_user_idx', ['companyId', 'userId'])
@Index('user_approvers_approver_idx', ['companyId', 'approverId'])
export class UserApprover extends UserOwned {
  @Column('uuid')
  @Personal({ kind: 'employment', whose: 'approverId', purpose: 'who approves', erasure: 'keep' })
  approverId!: string;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('approverId'))
  approver!: Relation<User>;
}
