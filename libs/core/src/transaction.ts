import type { Socket } from 'node:net';
import type { PoolClient, QueryResult } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import type { Leave } from './company-places.js';
import type { Tenant } from './tenant.js';
import { canReadAtOnce, readAtOnce } from './single-read.js';
import { statement } from './statement.js';

const ABORTED = '25P02';

/** What is sent until the end of this tick leaves in one write: a system call each cost more than the statements themselves. */
function sendTogether(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/**
 * One transaction inside one company. It opens with its first statement: BEGIN, the tenant setting and that statement leave in one
 * write (pipelined), and a read can take its COMMIT along with {@link last}. Row security sees only the company from here on.
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
    private readonly client: PoolClient,
    private readonly leave: Leave,
  ) {}

  /** @param leave is called when the connection has been given back, or could not be had */
  static async begin(runner: QueryRunner, tenant: Tenant, leave: Leave): Promise<Transaction> {
    const client = await connect(runner, leave);
    // TypeORM must know that it is inside a transaction: else save() would begin, and commit, one of its own.
    Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
    sendTogether(client);
    const transaction = new Transaction(tenant, runner, client, leave);
    const opening = [client.query('BEGIN'), client.query(statement('SELECT enter_company($1, $2)', [tenant.companyId, tenant.userId]))];
    for (const step of opening) step.catch((error: unknown) => (transaction.failure ??= error));
    return transaction;
  }

  /** A transaction of one read: at once where the connection allows it, step by step else. */
  static async single<T>(
    runner: QueryRunner,
    tenant: Tenant,
    leave: Leave,
    { text, values, isNamed }: { text: string; values: unknown[]; isNamed: boolean },
  ): Promise<T[]> {
    const client = await connect(runner, leave);
    if (!isNamed || !canReadAtOnce(client)) return (await Transaction.begin(runner, tenant, leave)).last<T>(text, values, isNamed);
    try {
      return await readAtOnce<T>(client, tenant, text, values);
    } finally {
      await release(runner, leave);
    }
  }

  /** TypeORM on this connection, for writes. */
  get manager(): EntityManager {
    return this.runner.manager;
  }

  get isCommitted(): boolean {
    return this.state === 'committed';
  }

  /** Rows of a statement whose `$1` is always the company; `values` are `$2` and on. */
  async query<T>(text: string, values: unknown[] = [], isNamed = true): Promise<T[]> {
    return (await this.run(text, values, isNamed)).rows as T[];
  }

  /** The number of rows that a statement changed. `$1` is the company. */
  async execute(text: string, values: unknown[] = []): Promise<number> {
    return (await this.run(text, values)).rowCount ?? 0;
  }

  /** A read that is the last statement: its COMMIT travels with it. */
  async last<T>(text: string, values: unknown[] = [], isNamed = true): Promise<T[]> {
    if (!isNamed) await this.client.query('SET LOCAL plan_cache_mode = force_custom_plan'); // a report's plan depends on its range
    const rows = this.query<T>(text, values, isNamed);
    const commit = this.commit();
    commit.catch(() => undefined); // the statement's own error says more
    const answer = await rows;
    await commit;
    return answer;
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

  private end(how: 'COMMIT' | 'ROLLBACK'): Promise<QueryResult> {
    this.state = 'ended';
    const ending = this.sendLast(how);
    this.ended = ending.catch(() => undefined);
    return ending;
  }

  private async sendLast(how: string): Promise<QueryResult> {
    try {
      return await this.client.query(how);
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

  private async run(text: string, values: unknown[], isNamed = true): Promise<QueryResult> {
    if (this.state !== 'open') throw new Error('the transaction has ended');
    try {
      return await this.client.query(statement(text, [this.tenant.companyId, ...values], isNamed));
    } catch (error) {
      // What is sent behind a failed statement fails as "aborted": the first failure is the one that explains.
      if ((error as { code?: string }).code === ABORTED && this.failure) throw this.failure;
      this.failure ??= error;
      throw error;
    }
  }

  private async release(): Promise<void> {
    Object.assign(this.runner, { isTransactionActive: false, transactionDepth: 0 });
    await release(this.runner, this.leave);
  }
}

async function connect(runner: QueryRunner, leave: Leave): Promise<PoolClient> {
  try {
    return (await runner.connect()) as PoolClient;
  } catch (error) {
    leave();
    throw error;
  }
}

async function release(runner: QueryRunner, leave: Leave): Promise<void> {
  try {
    await runner.release();
  } finally {
    leave();
  }
}
