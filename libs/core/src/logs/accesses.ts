import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Problem } from '../http/problem.js';
import { behindRequest, requestScope } from '../http/request-scope.js';
import { codeOf, InjectLog } from '../log.js';
import { classificationsOf } from '../personal.js';
import type { ACCESS_ACTIONS, Told } from './log-actions.js';
import { AccessLog } from './logs.entity.js';

const FLUSH_AFTER_MS = 1000;
const TRY_AGAIN_AFTER_MS = 10_000;
/** Less than a stop may take. */
const FINISH_WITHIN_MS = 8000;
/** Rows a statement. */
const BATCH = 1000;
/** Rows from which on a request is answered only when its own are written. */
const BUSY_FROM = 10_000;
/** Rows from which on a request that would note more is refused: the database takes none. */
const WAITING_AT_MOST = 50_000;

export type AccessEvent = Told<typeof ACCESS_ACTIONS> & {
  targetId?: string | null;
  /** Whose data was read. One's own is not noted. */
  userId: string;
};

type Row = Omit<AccessLog, 'id' | 'company' | 'companyId'>;

/** What one company's people noted. */
interface Queue {
  companyId: string;
  /** Not written yet, oldest first. */
  rows: Row[];
  /** How many were before them. */
  done: number;
  /** The batch under way. @returns whether it went through */
  turn?: Promise<boolean>;
}

/** What the map of personal data takes from who read, once they are erased. */
const ERASED: Partial<Row> = Object.fromEntries(
  [...classificationsOf(AccessLog)]
    .filter(([, { whose, erasure }]) => whose === 'actorUserId' && erasure === 'clear')
    .map(([column]) => [column, null]),
);

/** `$2` are the rows as JSON. `RETURNING`: a distributed PostgreSQL needs it here. */
const INSERT = `
  INSERT INTO access_logs ("companyId", "occurredAt", action, "targetType", "targetId", "userId", "actorUserId", "requestId", ip)
  SELECT $1::uuid, r."occurredAt", r.action, r."targetType", r."targetId", r."userId", r."actorUserId", r."requestId", r.ip
  FROM json_to_recordset($2::json) AS r("occurredAt" timestamptz, action text, "targetType" text, "targetId" uuid, "userId" uuid,
    "actorUserId" uuid, "requestId" text, ip inet)
  RETURNING id`;

/**
 * Who read whose personal data. Noted in memory and written within a second, many rows at once, so that a read costs nothing; a clean stop
 * writes the rest, a killed process loses at most what waits. Companies take turns by the batch. No read outruns its log: where more than
 * 10,000 rows wait, a request that notes some is answered when its own are written, and with 50,000 it is 503.
 */
@Injectable()
export class Accesses {
  private readonly queues = new Map<string, Queue>();
  private waiting = 0;
  private timer: NodeJS.Timeout | undefined;
  /** The database took none at the last try. */
  private isRefused = false;

  constructor(
    private readonly work: UnitOfWork,
    @InjectLog() private readonly log: Logger,
  ) {}

  /** @throws 503 where too many wait to be written */
  record({ action, targetType, targetId = null, userId }: AccessEvent): void {
    const { companyId, userId: actorUserId } = this.work.tenant;
    if (userId === actorUserId) return;
    const scope = requestScope.getStore()!;
    if (!scope.hasNoted && this.waiting >= WAITING_AT_MOST)
      throw new Problem('service_unavailable', { detail: 'The access log cannot be written', headers: { 'retry-after': '10' } });
    scope.hasNoted = true;
    let queue = this.queues.get(companyId);
    if (!queue) this.queues.set(companyId, (queue = { companyId, rows: [], done: 0 }));
    const { requestId, ip } = scope;
    queue.rows.push({ occurredAt: this.work.now, action, targetType, targetId, userId, actorUserId, requestId, ip });
    this.waiting++;
    this.timer ??= this.flushIn(FLUSH_AFTER_MS);
  }

  /** Before the answer to the present request leaves: it waits for what it noted, where too many wait already. */
  async room(): Promise<void> {
    if (this.waiting <= BUSY_FROM || this.isRefused || !requestScope.getStore()?.hasNoted) return;
    await this.flush(this.work.tenant.companyId);
  }

  /** Writes what was noted so far, of one company or of all. Never throws: what cannot be written now waits. */
  async flush(companyId?: string): Promise<void> {
    const asked = companyId === undefined ? [...this.queues.values()] : [this.queues.get(companyId)].filter((queue) => queue !== undefined);
    let due = asked.map((queue) => ({ queue, upTo: queue.done + queue.rows.length }));
    while (due.length > 0) {
      const open = [];
      for (const one of due) if (one.queue.done < one.upTo && (await this.turn(one.queue))) open.push(one);
      due = open;
    }
  }

  /** At a stop, behind the last request and before the database goes: writes the rest, and says loudly what it could not. */
  async finish(withinMs = FINISH_WITHIN_MS): Promise<void> {
    clearTimeout(this.timer);
    await Promise.race([this.flush(), sleep(withinMs, undefined, { ref: false })]);
    if (this.waiting > 0) this.log.error({ rows: this.waiting }, 'the access log lost its last rows: the database did not take them');
  }

  private flushIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.flushAndGoOn(), ms).unref();
  }

  private async flushAndGoOn(): Promise<void> {
    await this.flush();
    this.timer = this.waiting === 0 ? undefined : this.flushIn(this.isRefused ? TRY_AGAIN_AFTER_MS : FLUSH_AFTER_MS);
  }

  /** Writes a company's next batch, or waits for the one under way. */
  private turn(queue: Queue): Promise<boolean> {
    return (queue.turn ??= behindRequest(() => this.writeBatch(queue)).finally(() => (queue.turn = undefined)));
  }

  private async writeBatch(queue: Queue): Promise<boolean> {
    const { companyId, rows } = queue;
    const batch = rows.slice(0, BATCH);
    const settled = await this.write(companyId, batch);
    rows.splice(0, settled);
    queue.done += settled;
    this.waiting -= settled;
    if (rows.length === 0) this.queues.delete(companyId);
    this.isRefused = settled < batch.length;
    return !this.isRefused;
  }

  /** @returns how many of them, from the first on, need no further try */
  private async write(companyId: string, rows: Row[]): Promise<number> {
    try {
      await this.work.within({ companyId, userId: null }, async () => {
        await this.work.execute(INSERT, [JSON.stringify(await this.withoutErased(rows))]);
      });
      return rows.length;
    } catch (error) {
      if (isOfARow(error)) return this.writeInHalves(companyId, rows);
      this.log.error({ code: codeOf(error), rows: rows.length }, 'the access log was not written yet');
      return 0;
    }
  }

  /** Where one row can never be written, the others are. */
  private async writeInHalves(companyId: string, rows: Row[]): Promise<number> {
    if (rows.length === 1) {
      this.log.error(
        { action: rows[0]!.action },
        'a row of the access log was given up: its company is gone, or it has what no column takes',
      );
      return 1;
    }
    const half = rows.length >> 1;
    const settled = await this.write(companyId, rows.slice(0, half));
    return settled < half ? settled : half + (await this.write(companyId, rows.slice(half)));
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
const isOfARow = (error: unknown): boolean => /^2[23]/.test(codeOf(error));
