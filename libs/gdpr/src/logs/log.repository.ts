import { Injectable } from '@nestjs/common';
import { Accesses, Cursors, inRange, one, Query, UnitOfWork } from '#core';
import type { JsonPage } from '#core';
import type { AccessLogView, AuditLogView, LogQuery } from './log.dto.js';

const COLUMNS = 'l.id, l."occurredAt", l.action, l."targetType", l."targetId", l."userId", l."actorUserId", l."requestId", l.ip';
const AUDIT_LOGS = `SELECT ${COLUMNS}, l.before, l.after FROM audit_logs l WHERE l."companyId" = $1`;
const ACCESS_LOGS = `SELECT ${COLUMNS} FROM access_logs l WHERE l."companyId" = $1`;

/** Both logs of the present company, newest first. */
@Injectable()
export class LogRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly accesses: Accesses,
  ) {}

  auditLogs(query: LogQuery): Promise<JsonPage<AuditLogView>> {
    return this.list<AuditLogView>('audit-logs', AUDIT_LOGS, query);
  }

  /** With all that this replica has noted up to now; what others have noted comes within a second. */
  async accessLogs(query: LogQuery): Promise<JsonPage<AccessLogView>> {
    await this.work.commit(); // gives the guard's connection back: writing takes another one
    await this.accesses.flush(this.work.tenant.companyId);
    return this.list<AccessLogView>('access-logs', ACCESS_LOGS, query);
  }

  /** @throws 404 */
  auditLog(id: string): Promise<AuditLogView> {
    return this.read<AuditLogView>(AUDIT_LOGS, id);
  }

  /** @throws 404 */
  accessLog(id: string): Promise<AccessLogView> {
    return this.read<AccessLogView>(ACCESS_LOGS, id);
  }

  private async list<Row extends AccessLogView>(list: string, base: string, query: LogQuery): Promise<JsonPage<Row>> {
    const rows = new Query(base)
      .and('l."userId" = ?', query.userId)
      .and('l."actorUserId" = ?', query.actorUserId)
      .and('l."targetType" = ?', query.targetType)
      .and('l."targetId" = ?', query.targetId)
      .and('l.action = ?', query.action);
    const { text, values } = (await inRange(this.work, rows, 'l."occurredAt"', query))
      .after(['l."occurredAt"', 'l.id'], '<', this.cursors.after(list, query))
      .page('l."occurredAt" DESC, l.id DESC', query.limit);
    return this.cursors.json(list, query, await this.work.lastAsJson<Row>(text, values), ({ occurredAt, id }) => [occurredAt, id]);
  }

  private async read<Row>(base: string, id: string): Promise<Row> {
    return one(await this.work.last<Row>(`${base} AND l.id = $2`, [id]));
  }
}
