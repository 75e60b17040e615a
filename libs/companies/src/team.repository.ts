import { Injectable } from '@nestjs/common';
import { Cursors, one, Query, UnitOfWork } from '#core';
import type { JsonPage, PageQuery } from '#core';
import { Admins } from '#identity';
import type { TeamView } from './team.dto.js';

const LIST = 'teams';
const LIVING = `
  SELECT t.id, t.name, t."createdAt", t."updatedAt", t.version
  FROM teams t
  WHERE t."companyId" = $1 AND t."deletedAt" IS NULL`;
const ONE = `${LIVING} AND t.id = $2`;

@Injectable()
export class TeamRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly admins: Admins,
  ) {}

  async list(query: PageQuery): Promise<JsonPage<TeamView>> {
    const { text, values } = new Query(LIVING)
      .after(['t.name', 't.id'], '>', this.cursors.after(LIST, query))
      .page('t.name, t.id', query.limit);
    return this.cursors.json(LIST, query, await this.work.lastAsJson<TeamView>(text, values), ({ name, id }) => [name, id]);
  }

  /** The whole answer of a request. @throws 404 */
  async read(id: string): Promise<TeamView> {
    return one(await this.work.last<TeamView>(ONE, [id]));
  }

  /** Before something else. @throws 404 */
  async get(id: string): Promise<TeamView> {
    return one(await this.work.query<TeamView>(ONE, [id]));
  }

  /** For change of the team or its members, one after the other. @throws 404 */
  async lock(id: string): Promise<TeamView> {
    return one(await this.work.query<TeamView>(`${ONE} FOR UPDATE`, [id]));
  }

  /**
   * For change of who leads whom, which locks the team and then timesheets of open rounds: behind the lock of the company, as a deletion of a
   * user locks those timesheets first and the teams last.
   * @throws 404
   */
  async lockPeople(id: string): Promise<TeamView> {
    await this.admins.lockDeciders();
    return this.lock(id);
  }
}
