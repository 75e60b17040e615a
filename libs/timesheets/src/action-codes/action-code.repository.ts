import { Injectable } from '@nestjs/common';
import { Cursors, one, Query, UnitOfWork } from '#core';
import type { JsonPage } from '#core';
import type { ActionCodeQuery, ActionCodeView } from './action-code.dto.js';

const LIST = 'action-codes';
const COLUMNS = 'c.id, c.code, c.name, c.type, c.active, c."externalId", c."createdAt", c."updatedAt", c.version';
const LIVING = `SELECT ${COLUMNS} FROM action_codes c WHERE c."companyId" = $1 AND c."deletedAt" IS NULL`;
const ONE = `${LIVING} AND c.id = $2`;

@Injectable()
export class ActionCodeRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async list(query: ActionCodeQuery): Promise<JsonPage<ActionCodeView>> {
    const { text, values } = new Query(LIVING)
      .and('c.active = ?', query.active && query.active === 'true')
      .and('c.type = ?', query.type)
      .and('strpos(lower(c.code), lower(?)) > 0 OR strpos(lower(c.name), lower(?)) > 0', query.q, query.q)
      .after(['c.code', 'c.id'], '>', this.cursors.after(LIST, query))
      .page('c.code, c.id', query.limit);
    const rows = await this.work.lastAsJson<ActionCodeView>(text, values);
    return this.cursors.json(LIST, query, rows, ({ code, id }) => [code, id]);
  }

  /** The whole answer of a request. @throws 404 */
  async read(id: string): Promise<ActionCodeView> {
    return one(await this.work.last<ActionCodeView>(ONE, [id]));
  }

  /** Within a change. @throws 404 */
  async get(id: string): Promise<ActionCodeView> {
    return one(await this.work.query<ActionCodeView>(ONE, [id]));
  }

  /** For change: until the end of the transaction nobody can book on it (a foreign key's check waits for the lock). @throws 404 */
  async lock(id: string): Promise<ActionCodeView> {
    return one(await this.work.query<ActionCodeView>(`${ONE} FOR UPDATE`, [id]));
  }

  async isBooked(id: string): Promise<boolean> {
    const entries =
      'SELECT 1 FROM timesheet_entries e WHERE e."companyId" = $1 AND e."actionCodeId" = $2 AND e."deletedAt" IS NULL LIMIT 1';
    return (await this.work.query(entries, [id])).length > 0;
  }
}
