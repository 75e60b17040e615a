import { Check, Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import type { Relation } from 'typeorm';
import { CompanyEntity, NotPersonal, Personal, sameCompany } from '#core';
import { User } from '#identity';

export const TASK_STATUSES = ['OPEN', 'IN_PROGRESS', 'DONE', 'CANCELLED'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

@Entity('tasks')
@Check('tasks_status_check', `"status" IN ('OPEN', 'IN_PROGRESS', 'DONE', 'CANCELLED')`)
@Index('tasks_title_idx', ['companyId', 'title', 'id'])
@Index('tasks_assignee_idx', ['companyId', 'assigneeId'])
export class Task extends CompanyEntity {
  @Column('varchar', { length: 255 }) @NotPersonal() title!: string;

  @Column('text', { nullable: true }) @NotPersonal() description!: string | null;

  @Column('uuid', { nullable: true })
  @Personal({ kind: 'employment', whose: 'assigneeId', purpose: 'who does it', erasure: 'keep' })
  assigneeId!: string | null;

  @ManyToOne(() => User, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('assigneeId'))
  assignee!: Relation<User> | null;

  @Column('varchar', { length: 16, default: 'OPEN' }) @NotPersonal() status!: TaskStatus;

  @Column('date', { nullable: true }) @NotPersonal() dueDate!: string | null;
}
