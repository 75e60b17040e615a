import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, changes, expectVersion, Problem, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import { UserRepository } from '#identity';
import type { CreateTask, TaskView, UpdateTask } from './task.dto.js';
import { Task } from './task.entity.js';
import { TaskRepository } from './task.repository.js';

/** The company's words about its work. They may name somebody by chance: the log, which is kept for years, only says that they changed. */
const WORDS = ['title', 'description'];

@Injectable()
export class TaskService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly tasks: TaskRepository,
    private readonly users: UserRepository,
    private readonly audit: Audit,
  ) {}

  /** @throws 400 `unknown_reference` */
  async create(fields: CreateTask): Promise<TaskView> {
    await this.requireAssignee(fields);
    const id = randomUUID();
    await this.work.insert(Task, { id, ...fields });
    const after = changes({}, fields, WORDS)?.after;
    await this.audit.record({ action: 'task_created', targetType: 'Task', targetId: id, userId: fields.assigneeId, after });
    return this.tasks.get(id);
  }

  /** @throws 400 `unknown_reference` for a new assignee, 412; a change that changes nothing leaves the version alone */
  async change(id: string, fields: UpdateTask, expected: ExpectedVersion): Promise<TaskView> {
    const before = await this.tasks.lock(id);
    if (fields.assigneeId !== before.assigneeId) await this.requireAssignee(fields);
    expectVersion(before, expected);
    const told = changes(before, fields, WORDS);
    if (!told) return before;
    await this.work.update(Task, { id }, fields);
    const after = await this.tasks.get(id);
    // Whose it was and whose it is: each finds it among what is told of them.
    const people = new Set([before.assigneeId, after.assigneeId].filter((userId) => userId !== null));
    for (const userId of people.size > 0 ? people : [null])
      await this.audit.record({ action: 'task_updated', targetType: 'Task', targetId: id, userId, ...told });
    return after;
  }

  /** What was booked on it stays. @throws 412 */
  async delete(id: string, expected: ExpectedVersion): Promise<void> {
    const before = await this.tasks.lock(id);
    expectVersion(before, expected);
    await this.work.delete(Task, { id });
    await this.audit.record({ action: 'task_deleted', targetType: 'Task', targetId: id, userId: before.assigneeId });
  }

  private async requireAssignee({ assigneeId }: { assigneeId?: string | null }): Promise<void> {
    if (assigneeId && (await this.users.living([assigneeId])).length === 0)
      throw Problem.field('/assigneeId', 'names nothing here', 'unknown_reference');
  }
}
