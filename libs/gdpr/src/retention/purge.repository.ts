import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, Cursors, lockKey, one, Problem, Query, UnitOfWork } from '#core';
import type { JsonPage, PageQuery } from '#core';
import type { CutOffs } from './purge-policy.js';
import type { PurgeRunView } from './purge.dto.js';
import type { RetentionSettings } from './retention-settings.dto.js';

const LIST = 'purges';
/** The column `updatedAt` is a lease by the database's clock, see {@link LIVES}: it is not shown. */
const RUNS = `
  SELECT p.id, p."dryRun", p."actorUserId", p."cutOff", p.policy, p.counts, p.held, p.failed, p."startedAt", p."finishedAt",
         p."createdAt", coalesce(p."finishedAt", p."startedAt") AS "updatedAt", p.version
  FROM purge_runs p WHERE p."companyId" = $1`;

/** A run tells after each batch that it lives, by the database's clock; one that died is over after two minutes. */
const LIVES = `NOT p."dryRun" AND p."finishedAt" IS NULL AND p."updatedAt" > now() - interval '2 minutes'`;

export interface Progress {
  counts?: Record<string, number>;
  held?: number;
  failed?: number;
  finishedAt?: Date;
}

/** The runs of purges: what they are told to do, and the proof of what they did. */
@Injectable()
export class PurgeRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
  ) {}

  /** The newest first. */
  async list(query: PageQuery): Promise<JsonPage<PurgeRunView>> {
    const { text, values } = new Query(RUNS)
      .after(['p."startedAt"', 'p.id'], '<', this.cursors.after(LIST, query))
      .page('p."startedAt" DESC, p.id DESC', query.limit);
    const rows = await this.work.lastAsJson<PurgeRunView>(text, values);
    return this.cursors.json(LIST, query, rows, ({ startedAt, id }) => [startedAt, id]);
  }

  /** The whole answer of a request. @throws 404 */
  async read(id: string): Promise<PurgeRunView> {
    return one(await this.work.last<PurgeRunView>(`${RUNS} AND p.id = $2`, [id]));
  }

  async get(id: string): Promise<PurgeRunView> {
    return (await this.work.query<PurgeRunView>(`${RUNS} AND p.id = $2`, [id]))[0]!;
  }

  /** @throws 404 for half a company: one without settings */
  async policy(): Promise<RetentionSettings> {
    return one(
      await this.work.query<RetentionSettings>(
        `SELECT s."deletedUserYears", s."auditLogYears", s."accessLogMonths", s."sessionDays" FROM company_settings s WHERE s."companyId" = $1`,
      ),
    );
  }

  /** Until the end of the transaction no other run begins in this company. @returns the id of the one that is under way */
  async underWay(): Promise<string | undefined> {
    await this.work.query(`SELECT pg_advisory_xact_lock(${lockKey('purge')})`);
    const [run] = await this.work.query<{ id: string }>(`SELECT p.id FROM purge_runs p WHERE p."companyId" = $1 AND ${LIVES} LIMIT 1`);
    return run?.id;
  }

  /** What the runs of dead replicas did is told by their counts; they are over. */
  async endDead(): Promise<void> {
    await this.work.execute(
      `UPDATE purge_runs p SET "finishedAt" = $2, version = p.version + 1
       WHERE p."companyId" = $1 AND NOT p."dryRun" AND p."finishedAt" IS NULL AND NOT (${LIVES})`,
      [this.work.now],
    );
  }

  async begin(dryRun: boolean, policy: RetentionSettings, { deletedUserYears: cutOff }: CutOffs): Promise<PurgeRunView> {
    const id = randomUUID();
    await this.work.execute(
      `INSERT INTO purge_runs ("companyId", id, "dryRun", "actorUserId", "cutOff", policy, "startedAt", "createdAt", "updatedAt",
         "createdByUserId", "updatedByUserId")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $7, now(), $4, $4)`,
      [id, dryRun, this.work.actorId, cutOff, JSON.stringify(policy), this.work.now],
    );
    if (!dryRun) await this.audit.record({ action: 'purge_started', targetType: 'PurgeRun', targetId: id });
    return this.get(id);
  }

  /** @throws for a run that is over, because it was taken for dead: what it has just done would be told by no run */
  async note(id: string, { counts, held, failed, finishedAt }: Progress): Promise<void> {
    const noted = await this.work.execute(
      `UPDATE purge_runs p SET counts = coalesce($3::jsonb, p.counts), held = coalesce($4::integer, p.held), failed = coalesce($5::integer, p.failed), "finishedAt" = $6,
         "updatedAt" = now(), version = p.version + 1
       WHERE p."companyId" = $1 AND p.id = $2 AND p."finishedAt" IS NULL`,
      [id, counts ? JSON.stringify(counts) : null, held ?? null, failed ?? null, finishedAt ?? null],
    );
    if (noted === 0) throw new Problem('conflict', { detail: 'This purge was taken for dead' });
  }
}
