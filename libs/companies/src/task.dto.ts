import { Day, Id, Instant, Note, OneOf, PageOf, PageQuery, Text, Version } from '#core';
import { TASK_STATUSES } from './task.entity.js';
import type { TaskStatus } from './task.entity.js';

const TITLE = { example: 'Write the quarterly report' };
const DESCRIPTION = { example: 'With the figures of all teams' };
const ASSIGNEE = { nullable: true, description: 'Who does it.' };
const DUE_DATE = { nullable: true, example: '2026-03-31' };

export class CreateTask {
  @Text(255, TITLE) title!: string;
  @Note(DESCRIPTION) description?: string | null;
  @Id({ ...ASSIGNEE, optional: true }) assigneeId?: string | null;
  @OneOf(TASK_STATUSES, { optional: true, default: 'OPEN' }) status?: TaskStatus;
  @Day({ ...DUE_DATE, optional: true }) dueDate?: string | null;
}

export class UpdateTask {
  @Text(255, { ...TITLE, optional: true }) title?: string;
  @Note(DESCRIPTION) description?: string | null;
  @Id({ ...ASSIGNEE, optional: true }) assigneeId?: string | null;
  @OneOf(TASK_STATUSES, { optional: true }) status?: TaskStatus;
  @Day({ ...DUE_DATE, optional: true }) dueDate?: string | null;
}

export class TaskQuery extends PageQuery {
  @Id({ optional: true, description: 'Who does it.' }) assigneeId?: string;
  @OneOf(TASK_STATUSES, { optional: true }) status?: TaskStatus;
}

export class TaskView {
  @Id() id!: string;
  @Text(255, TITLE) title!: string;
  @Note({ ...DESCRIPTION, optional: false }) description!: string | null;
  @Id(ASSIGNEE) assigneeId!: string | null;
  @OneOf(TASK_STATUSES) status!: TaskStatus;
  @Day(DUE_DATE) dueDate!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class TaskPage extends PageOf(TaskView) {}
