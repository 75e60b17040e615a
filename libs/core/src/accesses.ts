import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { clock } from './clock.js';
import type { ACCESS_ACTIONS, Told } from './log-actions.js';
import { codeOf, InjectLog } from './log.js';
import { AccessLog } from './logs.entity.js';
import { classificationsOf } from './personal.js';
import { behindRequest, requestScope } from './request-scope.js';
import { UnitOfWork } from './unit-of-work.js';

const FLUSH_AFTER_MS = 1000;
/** Rows a statement. */
const BATCH = 500;
/** Rows that wait at most while the database is away; the oldest are given up beyond it, and the log says so. */
const WAITING_AT_MOST = 50_000;

export type AccessEvent = Told<typeof ACCESS_ACTIONS> & {
  targetId?: string | null;
  /** Whose data was read. One's own is not noted. */
  userId: string;
};

type Row = Omit<AccessLog, 'id' | 'company'>;

/** What the map of personal data takes from who read, once they are erased. */
const ERASED: Partial<Row> = Object.fromEntries(
  [...classificationsOf(AccessLog)]
    .filter(([, { whose, erasure }]) => whose === 'actorUserId' && erasure === 'clear')
    .map(([column]) => [column, null]),
);

/**
 * Who read whose personal data. Noted in memory and written within a second, many rows at once, so that a read costs nothing;
 * a clean stop writes the rest, a killed process loses at most that second.
 */
@Injectable()
export class Accesses implements BeforeApplicationShutdown {
  private waiting: Row[] = [];
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly work: UnitOfWork,
    @InjectLog() private readonly log: Logger,
  ) {}

  record({ action, targetType, targetId = null, userId }: AccessEvent): void {
    const { companyId, userId: actorUserId } = this.work.tenant;
    if (userId === actorUserId) return;
    const scope = requestScope.getStore();
    this.waiting.push({
      companyId,
      occurredAt: clock.now(),
      action,
      targetType,
      targetId,
      userId,
      actorUserId,
      requestId: scope?.requestId ?? null,
      ip: scope?.ip ?? null,
    });
    this.timer ??= this.flushIn(FLUSH_AFTER_MS);
  }

  /** Writes what was noted so far. Never throws: what cannot be written now waits. */
  async flush(): Promise<void> {
    await this.flushing; // one that is under way may have begun before the newest row
    await (this.flushing ??= this.writeAll().finally(() => (this.flushing = undefined)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
    if (this.waiting.length > 0) this.log.error({ rows: this.waiting.length }, 'the access log lost its last rows: the database is away');
  }

  private async writeAll(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const rows = this.waiting;
    this.waiting = [];
    const failed = new Set<Row>();
    for (const [companyId, ofCompany = []] of Map.groupBy(rows, (row) => row.companyId)) {
      for (let from = 0; from < ofCompany.length; from += BATCH)
        for (const row of await this.write(companyId, ofCompany.slice(from, from + BATCH))) failed.add(row);
    }
    if (failed.size > 0) this.tryLater(rows.filter((row) => failed.has(row)));
  }

  private flushIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => void behindRequest(() => this.flush()), ms).unref();
  }

  private tryLater(failed: Row[]): void {
    const all = [...failed, ...this.waiting];
    this.waiting = all.slice(-WAITING_AT_MOST);
    const lost = all.length - this.waiting.length;
    if (lost > 0) this.log.error({ rows: lost }, 'the access log lost its oldest rows: too many wait');
    this.timer ??= this.flushIn(10 * FLUSH_AFTER_MS);
  }

  /** @returns the rows that could not be written */
  private async write(companyId: string, rows: Row[]): Promise<Row[]> {
    try {
      await this.work.within({ companyId, userId: null }, async () => {
        await (await this.work.manager()).insert(AccessLog, await this.withoutErased(rows));
      });
      return [];
    } catch (error) {
      if (isOfTheRow(error)) return this.writeOneByOne(companyId, rows);
      this.log.error({ code: codeOf(error), rows: rows.length }, 'the access log was not written yet');
      return rows;
    }
  }

  /** Where one row can never be written, the others are. */
  private async writeOneByOne(companyId: string, rows: Row[]): Promise<Row[]> {
    const failed: Row[] = [];
    for (const row of rows) {
      if (rows.length > 1) failed.push(...(await this.write(companyId, [row])));
      else
        this.log.error({ action: row.action }, 'a row of the access log was given up: its company is gone, or it has what no column takes');
    }
    return failed;
  }

  /** Who was erased meanwhile leaves nothing behind, and nobody is erased until the rows are there. */
  private async withoutErased(rows: Row[]): Promise<Row[]> {
    const actors = [...new Set(rows.map(({ actorUserId }) => actorUserId))];
    const living = await this.work.query<{ id: string }>(
      'SELECT id FROM users WHERE "companyId" = $1 AND id = ANY ($2) AND NOT "isAnonymized" ORDER BY id FOR KEY SHARE',
      [actors],
    );
    const known = new Set<string | null>(living.map(({ id }) => id));
    return rows.map((row) => (known.has(row.actorUserId) ? row : { ...row, ...ERASED }));
  }
}

/** What the database says of the values themselves (class 22), or of what they name (23): the next time it would say the same. */
const isOfTheRow = (error: unknown): boolean => /^2[23]/.test(codeOf(error));
