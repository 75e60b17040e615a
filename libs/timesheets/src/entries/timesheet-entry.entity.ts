import { Check, Column, Entity, Exclusion, Index, JoinColumn, ManyToOne } from 'typeorm';
import type { Relation } from 'typeorm';
import { Task } from '#companies';
import { NotPersonal, Personal, sameCompany } from '#core';
import { UserOwned } from '#identity';
import { ActionCode } from '../action-codes/action-code.entity.js';
import { Timesheet } from '../timesheet.entity.js';

export const WORK_MODES = ['office', 'remote', 'hybrid'] as const;
export type WorkMode = (typeof WORK_MODES)[number];

const WORK = { kind: 'employment', whose: 'userId', purpose: 'pay and proof of working time', erasure: 'keep' } as const;

/** Time worked: a span between two instants, or minutes on a day. */
@Entity('timesheet_entries')
@Check('timesheet_entries_duration_check', `"durationMin" BETWEEN 0 AND 1440`)
@Check('timesheet_entries_work_mode_check', `"workMode" IN ('office', 'remote', 'hybrid')`)
@Check('timesheet_entries_span_check', `("startedAt" IS NULL) = ("endedAt" IS NULL) AND "endedAt" > "startedAt"`)
@Exclusion(
  'timesheet_entries_no_overlap',
  `USING gist ("companyId" WITH =, "userId" WITH =, tstzrange("startedAt", "endedAt") WITH &&) WHERE ("deletedAt" IS NULL AND "startedAt" IS NOT NULL)`,
)
// With columns beside its keys, which TypeORM cannot say: the migration has it.
@Index('timesheet_entries_report_idx', { synchronize: false })
@Index('timesheet_entries_user_day_idx', ['companyId', 'userId', 'day'])
@Index('timesheet_entries_timesheet_idx', ['companyId', 'timesheetId'])
@Index('timesheet_entries_page_idx', { synchronize: false })
@Index('timesheet_entries_action_code_idx', ['companyId', 'actionCodeId'])
@Index('timesheet_entries_task_idx', ['companyId', 'taskId'], { where: '"taskId" IS NOT NULL' })
export class TimesheetEntry extends UserOwned {
  @Column('uuid', { nullable: true }) @NotPersonal() timesheetId!: string | null;

  @ManyToOne(() => Timesheet, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('timesheetId'))
  timesheet!: Relation<Timesheet> | null;

  @Column('uuid') @Personal(WORK) actionCodeId!: string;

  @ManyToOne(() => ActionCode, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('actionCodeId'))
  actionCode!: Relation<ActionCode>;

  @Column('uuid', { nullable: true }) @Personal(WORK) taskId!: string | null;

  @ManyToOne(() => Task, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('taskId'))
  task!: Relation<Task> | null;

  @Column('varchar', { length: 8, default: 'office' }) @Personal(WORK) workMode!: WorkMode;

  /** ISO 3166-1 alpha-2. */
  @Column('varchar', { length: 2 }) @Personal(WORK) country!: string;

  @Column('timestamptz', { nullable: true }) @Personal(WORK) startedAt!: Date | null;

  @Column('timestamptz', { nullable: true }) @Personal(WORK) endedAt!: Date | null;

  /** IANA name; alone decides which day the entry belongs to. */
  @Column('text') @Personal(WORK) timezone!: string;

  /** True elapsed minutes, 0 to 1440. */
  @Column('integer') @Personal(WORK) durationMin!: number;

  /** The local day of the start. */
  @Column('date') @Personal(WORK) day!: string;

  @Column('text', { nullable: true })
  @Personal({ kind: 'free_text', whose: 'userId', purpose: 'what was done', erasure: 'clear' })
  note!: string | null;
}
