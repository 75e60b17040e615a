import { Injectable } from '@nestjs/common';
import { Cursors, one, Query, UnitOfWork } from '#core';
import type { JsonPage } from '#core';
import type { ApiKeyQuery, ApiKeyView } from './api-key.dto.js';

const LIST = 'api-keys';
const LIVING = `
  SELECT k.id, k."userId", k.name, k.permissions, k."expiresAt", k."lastUsedAt", k."createdAt", k."updatedAt", k.version
  FROM api_keys k WHERE k."companyId" = $1 AND k."deletedAt" IS NULL`;
const ONE = `${LIVING} AND k.id = $2`;

@Injectable()
export class ApiKeyRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async list(query: ApiKeyQuery): Promise<JsonPage<ApiKeyView>> {
    const { text, values } = new Query(LIVING)
      .and('k."userId" = ?', query.userId)
      .after(['k."createdAt"', 'k.id'], '<', this.cursors.after(LIST, query))
      .page('k."createdAt" DESC, k.id DESC', query.limit);
    const rows = await this.work.lastAsJson<ApiKeyView>(text, values);
    return this.cursors.json(LIST, query, rows, ({ createdAt, id }) => [createdAt, id]);
  }

  /** The whole answer of a request. @throws 404 */
  async read(id: string): Promise<ApiKeyView> {
    return one(await this.work.last<ApiKeyView>(ONE, [id]));
  }

  /** Within a change. @throws 404 */
  async get(id: string): Promise<ApiKeyView> {
    return one(await this.work.query<ApiKeyView>(ONE, [id]));
  }

  /** For change. @throws 404 */
  async lock(id: string): Promise<ApiKeyView> {
    return one(await this.work.query<ApiKeyView>(`${ONE} FOR UPDATE`, [id]));
  }
}
