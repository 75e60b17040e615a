import { Check, Column, Entity, Index } from 'typeorm';
import { CompanyEntity, NotPersonal, Personal } from '#core';

export const HISTORY_TARGETS = ['Timesheet', 'TimesheetEntry', 'TimesheetApproval', 'ActionCode'] as const;
export type HistoryTarget = (typeof HISTORY_TARGETS)[number];

export const HISTORY_ACTIONS = ['created', 'updated', 'deleted', 'submitted', 'withdrawn', 'approved', 'rejected', 'reopened'] as const;
export type HistoryAction = (typeof HISTORY_ACTIONS)[number];

/** What a change looked like, field by field. */
export type Diff = Record<string, { before: unknown; after: unknown }>;

/** Fields of a diff that people wrote. Erasure takes them, and `reason`; minutes, days and states stay provable. */
export const FREE_TEXT_FIELDS = ['note', 'notes', 'reason'];

const PROOF = { kind: 'activity', purpose: 'proof of working time', erasure: 'keep' } as const;
const TEXT = {
  kind: 'free_text',
  whose: 'userId',
  purpose: 'proof of working time; a reason also goes with who gave it',
  erasure: 'clear',
} as const;
/** A reason is the words of who acted. No line has one beside a note: of what is sealed the texts go all together. */
const DECIDER = { column: 'actorUserId', at: 'occurredAt', erasure: 'clear' } as const;

/** What happened, only ever added to: by grants and by a trigger. People are bare ids. */
@Entity('timesheet_history')
@Check('timesheet_history_target_check', `"targetType" IN ('Timesheet', 'TimesheetEntry', 'TimesheetApproval', 'ActionCode')`)
@Check(
  'timesheet_history_action_check',
  `"action" IN ('created', 'updated', 'deleted', 'submitted', 'withdrawn', 'approved', 'rejected', 'reopened')`,
)
@Index('timesheet_history_user_idx', ['companyId', 'userId'])
@Index('timesheet_history_actor_newest_idx', ['companyId', 'actorUserId', 'occurredAt', 'id'])
@Index('timesheet_history_target_idx', ['companyId', 'targetType', 'targetId'])
@Index('timesheet_history_newest_idx', ['companyId', 'occurredAt', 'id'])
// Without the creation of entries, which so pays for neither: of most lines any page is found among the newest.
@Index('timesheet_history_action_idx', ['companyId', 'action', 'occurredAt', 'id'], { where: `action <> 'created'` })
@Index('timesheet_history_target_type_idx', ['companyId', 'targetType', 'occurredAt', 'id'], { where: `"targetType" <> 'TimesheetEntry'` })
export class TimesheetHistory extends CompanyEntity {
  /** Whose timesheet or entry; of an action code, who changed it. */
  @Column('uuid') @Personal({ ...PROOF, whose: 'userId' }) userId!: string;

  @Column('varchar', { length: 32 }) @NotPersonal() targetType!: HistoryTarget;

  @Column('uuid') @NotPersonal() targetId!: string;

  @Column('varchar', { length: 32 }) @NotPersonal() action!: HistoryAction;

  /** Who acted; null for the system. */
  @Column('uuid', { nullable: true }) @Personal({ ...PROOF, whose: 'actorUserId', retention: 'record' }) actorUserId!: string | null;

  @Column('text', { nullable: true }) @Personal({ ...TEXT, writer: DECIDER }) reason!: string | null;

  @Column('jsonb', { nullable: true })
  @Personal({ ...TEXT, erasure: { blank: FREE_TEXT_FIELDS }, writer: { ...DECIDER, erasure: { blank: ['reason'] } } })
  diff!: Diff | null;

  /** Ids, the round and the policy; no text of people. */
  @Column('jsonb', { nullable: true }) @Personal({ ...PROOF, whose: 'userId' }) metadata!: Record<string, unknown> | null;

  @Column('timestamptz', { default: () => 'now()' }) @NotPersonal() occurredAt!: Date;
}
