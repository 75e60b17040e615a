import type { EntityManager, QueryRunner } from 'typeorm';
import type { Answer } from './batch.js';
import type { GiveBack } from './company-places.js';
import type { Connection } from './connection.js';
import { keptOut } from './database-error.js';
import { inside, statement } from './statement.js';
import type { Statement } from './statement.js';
import type { Tenant } from './tenant.js';

const ABORTED = '25P02';
const BEGIN = statement('BEGIN', []);
const CUSTOM_PLANS = statement('SET LOCAL plan_cache_mode = force_custom_plan', []);
const ENDS = { COMMIT: statement('COMMIT', []), ROLLBACK: statement('ROLLBACK', []) };

const entering = ({ companyId, userId }: Tenant) => statement('SELECT enter_company($1, $2)', [companyId, userId]);

/**
 * One transaction inside one company. It opens with its first statement: BEGIN, the tenant setting and that statement leave together, and
 * the last one takes the COMMIT along ({@link Transaction.last}). Row security sees only the company from here on.
 */
export class Transaction {
  private readonly afterCommits: Array<() => unknown> = [];
  private failure: unknown;
  private state: 'open' | 'committed' | 'ended' = 'open';
  /** Over when the connection has been given back; whoever ends a transaction that is ending waits for it. */
  private ended: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly tenant: Tenant,
    private readonly runner: QueryRunner,
    private readonly client: Connection,
    private readonly giveBack: GiveBack,
  ) {}

  /** @param giveBack is called when the connection has been given back, or could not be had */
  static async begin(runner: QueryRunner, tenant: Tenant, giveBack: GiveBack): Promise<Transaction> {
    const client = await connect(runner, giveBack);
    // TypeORM must know that it is inside a transaction: else save() would begin, and commit, one of its own.
    Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
    const transaction = new Transaction(tenant, runner, client, giveBack);
    for (const step of [BEGIN, entering(tenant)]) client.send(step).catch((error: unknown) => transaction.note(error));
    return transaction;
  }

  /** A transaction of one read: entering and it leave together, and PostgreSQL makes one of them by itself. */
  static async single(runner: QueryRunner, tenant: Tenant, giveBack: GiveBack, read: Statement): Promise<Answer> {
    const client = await connect(runner, giveBack);
    try {
      client.send(entering(tenant)).catch(() => undefined); // the read fails with it
      return await client.send(read);
    } finally {
      await release(runner, client, giveBack);
    }
  }

  /** TypeORM on this connection, for writes. */
  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** Rows of a statement whose `$1` is always the company; `values` are `$2` and on. */
  async query<T>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.run(inside(this.tenant, text, values))).rows as T[];
  }

  /** The number of rows that a statement changed. `$1` is the company. */
  async execute(text: string, values: unknown[] = []): Promise<number> {
    return (await this.run({ ...inside(this.tenant, text, values), asCount: true })).count;
  }

  /** A statement that nobody waits for: the next one, or the COMMIT, fails with it. `$1` is the company. */
  write(text: string, values: unknown[]): void {
    this.refuseEnded();
    this.client.send({ ...inside(this.tenant, text, values), asCount: true }).catch((error: unknown) => this.note(error));
  }

  /** The answer to the last statement: the COMMIT travels with it. */
  async last(last: Statement): Promise<Answer> {
    if (!last.name) this.client.send(CUSTOM_PLANS).catch(() => undefined); // a report's plan depends on its range
    const answer = this.run(last);
    const commit = this.commit();
    commit.catch(() => undefined); // the statement's own error says more
    const answered = await answer;
    await commit;
    return answered;
  }

  /** Runs when the commit has succeeded; never when it has not. */
  afterCommit(work: () => unknown): void {
    this.afterCommits.push(work);
  }

  async commit(): Promise<void> {
    if (this.state === 'ended') await this.ended;
    if (this.state === 'committed') return;
    if (this.state === 'ended') throw this.rolledBack();
    const result = await this.end('COMMIT');
    // A COMMIT after an error inside "succeeds" by rolling back: whoever swallowed that error must not report success.
    if (result.command !== 'COMMIT') throw this.rolledBack();
    this.state = 'committed';
    for (const work of this.afterCommits) await this.follow(work);
  }

  async rollback(): Promise<void> {
    if (this.state === 'open') await this.end('ROLLBACK').catch(() => undefined); // a lost connection has rolled back already
    await this.ended;
  }

  private end(how: keyof typeof ENDS): Promise<Answer> {
    this.state = 'ended';
    const ending = this.sendLast(how);
    this.ended = ending.catch(() => undefined);
    return ending;
  }

  private async sendLast(how: keyof typeof ENDS): Promise<Answer> {
    try {
      return await this.client.send(ENDS[how]);
    } catch (error) {
      // A COMMIT that was sent with what failed was passed over.
      if (how === 'COMMIT') await this.client.send(ENDS.ROLLBACK).catch(() => undefined);
      throw error;
    } finally {
      await this.release();
    }
  }

  /** What fails behind a commit must not make it look undone. */
  private async follow(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      process.emitWarning(error as Error);
    }
  }

  private rolledBack(): unknown {
    return this.failure ?? new Error('the transaction was rolled back');
  }

  private async run(next: Statement): Promise<Answer> {
    this.refuseEnded();
    try {
      return await this.client.send(next);
    } catch (error) {
      throw this.note(error);
    }
  }

  private refuseEnded(): void {
    if (this.state !== 'open') throw new Error('the transaction has ended');
  }

  /** @returns {@link causeOf} the error, which is that of the transaction from here on */
  private note(error: unknown): unknown {
    const cause = this.causeOf(error);
    this.failure ??= cause;
    return cause;
  }

  /** What is sent behind a failed statement fails as "aborted": the first failure is the one that explains. */
  causeOf(error: unknown): unknown {
    return (error as { code?: string } | undefined)?.code === ABORTED ? (this.failure ?? error) : error;
  }

  private async release(): Promise<void> {
    Object.assign(this.runner, { isTransactionActive: false, transactionDepth: 0 });
    await release(this.runner, this.client, this.giveBack);
  }
}

/** @param giveBack is called when the connection could not be had */
export async function connect(runner: QueryRunner, giveBack: GiveBack): Promise<Connection> {
  try {
    return (await runner.connect()) as Connection;
  } catch (error) {
    giveBack();
    throw keptOut(error);
  }
}

/** Into the pool again, unless it leads where nothing can be written. */
export async function release(runner: QueryRunner, client: Connection, giveBack: GiveBack): Promise<void> {
  try {
    if (client.readsOnly) void client.end();
    await runner.release();
  } finally {
    giveBack();
  }
}
