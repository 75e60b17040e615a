import type { Socket } from 'node:net';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import type { DataSource } from 'typeorm';
import { ConfigError } from '../config.js';
import { Batch } from './batch.js';
import type { Answer } from './batch.js';
import { ProtocolParser } from './data-row.js';
import type { Statement } from './statement.js';

/** Settings by which the database prints what answers repeat as text; a pooler in between may keep ours from it. */
const PRINTED: Partial<Record<string, RegExp>> = { TimeZone: /^(Etc\/)?(UTC|UCT|Universal|Zulu)$/, DateStyle: /^ISO\b/ };
/** PostgreSQL's words for a transaction that may not write. */
const READ_ONLY = '25006';
const REMEDY = 'a pooler that ignores the settings of a connection needs them on the role, see docs/OPERATIONS.md';

/**
 * Asks one session, at the start, for what PostgreSQL does not report by itself as it does {@link PRINTED}. New connections are not asked: what
 * leaves with the question would be done before its answer is there, and to wait for it would be a round trip more.
 * @throws ConfigError where a pooler kept a limit, or the plans that we want, from it
 */
export async function refuseLostSettings(dataSource: DataSource): Promise<void> {
  const { options, statement_timeout, lock_timeout, idle_in_transaction_session_timeout } = dataSource.options.extra as ClientConfig;
  const plan_cache_mode = /plan_cache_mode=(\w+)/.exec(options!)?.[1];
  const asked: Record<string, unknown> = { statement_timeout, lock_timeout, idle_in_transaction_session_timeout, plan_cache_mode };
  const found = await dataSource.query<{ name: string; setting: string }[]>(
    'SELECT name, setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name',
    [Object.keys(asked)],
  );
  const lost = found.filter(({ name, setting }) => setting !== String(asked[name])).map(({ name, setting }) => `${name} "${setting}"`);
  if (lost.length > 0) throw new ConfigError([`the database's sessions have ${lost.join(', ')}: ${REMEDY}`]);
}

interface ParameterStatus {
  parameterName: string;
  parameterValue: string;
}

interface Driver {
  connection: {
    stream: Socket;
    attachListeners(stream: Socket): void;
    emit(event: string, message: unknown): void;
    on(event: 'parameterStatus', then: (message: ParameterStatus) => void): void;
  };
  _activeQuery: unknown;
  _sentQueryQueue: unknown[];
  on(event: 'error', then: () => void): void;
  once(event: 'connect', then: () => void): void;
  query(asked: Batch | string | { text?: string }, ...rest: unknown[]): unknown;
  end(): Promise<void>;
}

/**
 * A connection of the pool. One that says nothing for `silenceTimeoutMillis` although it was asked is given up, by the one timer that its
 * socket has: the driver's `query_timeout` makes one for each statement.
 */
export class Connection extends (Client as unknown as new (config: ClientConfig) => Driver) {
  /** Is told of each statement that has ended: its text, and the milliseconds from sending to the last row. */
  told?: (text: string, ms: number) => void;
  /** Leads to a database that takes no writes, a standby: whoever has it ends it, since the next one may lead to the primary. */
  readsOnly = false;
  /** When the database last said anything here, by `performance.now()`. */
  heardAt = -Infinity;
  private unsent?: Batch;

  constructor(config: ClientConfig & { silenceTimeoutMillis?: number }) {
    super(config);
    this.connection.attachListeners = (stream) => this.read(stream);
    // While the pool hands a connection over nobody listens to it; ended in this moment it would end the process.
    this.on('error', () => undefined);
    const { silenceTimeoutMillis: ms } = config;
    if (ms) this.once('connect', () => this.giveUpAfter(ms));
  }

  /** A statement, sent together with all others of this tick. @throws what cannot be sent as a value, at once */
  send(statement: Statement): Promise<Answer> {
    if (!this.unsent) {
      this.unsent = new Batch();
      process.nextTick(() => this.sendUnsent());
    }
    return this.timed(statement.text, this.unsent.add(statement));
  }

  /** The driver's, for TypeORM: at once, behind what was to be sent before. */
  override query(asked: Batch | string | { text?: string }, ...rest: unknown[]): unknown {
    this.sendUnsent();
    const answer = super.query(asked, ...rest);
    if (answer instanceof Promise) this.timed(typeof asked === 'string' ? asked : (asked.text ?? ''), answer).catch(() => undefined);
    return answer;
  }

  private async timed<T>(text: string, answer: Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await answer;
    } finally {
      this.told?.(text, performance.now() - began);
    }
  }

  /** As the driver does it, with a parser that reads rows faster. */
  private read(stream: Socket): void {
    const { connection } = this;
    const parser = new ProtocolParser();
    stream.on('data', (bytes: Buffer) => {
      this.heardAt = performance.now();
      parser.parse(bytes, (message) => {
        const isError = message.name === 'error';
        if (isError && (message as { code?: string }).code === READ_ONLY) this.readsOnly = true;
        connection.emit(isError ? 'errorMessage' : message.name, message);
      });
    });
    connection.on('parameterStatus', ({ parameterName: name, parameterValue: value }) => {
      if (name === 'in_hot_standby') this.readsOnly = value === 'on'; // off with its promotion
      const expected = PRINTED[name];
      if (!expected || expected.test(value)) return;
      connection.emit('errorMessage', new ConfigError([`the database's sessions have ${name} "${value}": ${REMEDY}`]));
      stream.destroy();
    });
  }

  private sendUnsent(): void {
    const batch = this.unsent;
    this.unsent = undefined;
    if (batch) super.query(batch);
  }

  private giveUpAfter(ms: number): void {
    const { stream } = this.connection;
    stream.setTimeout(ms, () => {
      const { _activeQuery: active, _sentQueryQueue: sent } = this;
      if (!active && sent.length === 0) return;
      stream.destroy(Object.assign(new Error(`the database has said nothing for ${ms} ms`), { code: 'ETIMEDOUT' }));
    });
  }
}
