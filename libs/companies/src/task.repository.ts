import { Injectable } from '@nestjs/common';
import { Cursors, one, Query, UnitOfWork } from '#core';
import type { JsonPage } from '#core';
import type { TaskQuery, TaskView } from './task.dto.js';

const LIST = 'tasks';
const LIVING = `
  SELECT t.id, t.title, t.description, t."assigneeId", t.status, t."dueDate", t."createdAt", t."updatedAt", t.version
  FROM tasks t
  WHERE t."companyId" = $1 AND t."deletedAt" IS NULL`;
const ONE = `${LIVING} AND t.id = $2`;

@Injectable()
export class TaskRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async list(query: TaskQuery): Promise<JsonPage<TaskView>> {
    const { text, values } = new Query(LIVING)
      .and('t."assigneeId" = ?', query.assigneeId)
      .and('t.status = ?', query.status)
      .after(['t.title', 't.id'], '>', this.cursors.after(LIST, query))
      .page('t.title, t.id', query.limit);
    return this.cursors.json(LIST, query, await this.work.lastAsJson<TaskView>(text, values), ({ title, id }) => [title, id]);
  }

  /** The whole answer of a request. @throws 404 */
  async read(id: string): Promise<TaskView> {
    return one(await this.work.last<TaskView>(ONE, [id]));
  }

  /** Within a change. @throws 404 */
  async get(id: string): Promise<TaskView> {
    return one(await this.work.query<TaskView>(ONE, [id]));
  }

  /** For change. @throws 404 */
  async lock(id: string): Promise<TaskView> {
    return one(await this.work.query<TaskView>(`${ONE} FOR UPDATE`, [id]));
  }
}
