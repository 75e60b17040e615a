import { Integer } from '#core';

/** How long each class of rows is kept. */
export class RetentionSettings {
  @Integer(1, 30, {
    example: 7,
    description: 'Calendar years from a user’s deletion, or the anonymisation of one who is not deleted, to the end of all that is theirs.',
  })
  deletedUserYears!: number;
  @Integer(1, 30, { example: 7, description: 'Calendar years of the audit log.' }) auditLogYears!: number;
  @Integer(1, 120, { example: 12, description: 'Calendar months of the access log.' }) accessLogMonths!: number;
  @Integer(1, 730, { example: 90, description: 'Days that an ended session or link is kept.' }) sessionDays!: number;
}
