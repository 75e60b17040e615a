import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { EntityManager, EntityTarget, FindOptionsWhere, QueryDeepPartialEntity } from 'typeorm';
import { clock } from '../clock.js';
import { requestScope } from '../http/request-scope.js';
import type { RequestScope } from '../http/request-scope.js';
import type { Stamped } from './base.entity.js';
import type { Answer } from './batch.js';
import { CompanyPlaces } from './company-places.js';
import type { GiveBack } from './company-places.js';
import { isRetryable } from './database-error.js';
import type { JsonRows } from './json-rows.js';
import { inside, statement } from './statement.js';
import type { Statement } from './statement.js';
import type { Tenant } from './tenant.js';
import { connect, release, Transaction } from './transaction.js';

const ATTEMPTS = 4;

type OfCompany = Stamped & { companyId: string };
type Fields<E> = QueryDeepPartialEntity<NoInfer<E>>;
type Which<E> = FindOptionsWhere<NoInfer<E>>;

interface Changed {
  /** An instant as the database tells it. */
  updatedAt: string;
}

/** Of {@link UnitOfWork.within}: it knows the scope around it. */
interface InnerScope extends RequestScope {
  outer?: RequestScope;
}

/**
 * The transaction of the present request, opened by whoever needs it first and closed before the answer leaves.
 * Without a company in scope there is none, and every statement on a company's table goes through it.
 */
@Injectable()
export class UnitOfWork {
  private readonly places: CompanyPlaces;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    this.places = new CompanyPlaces(Math.ceil((dataSource.options.poolSize ?? 10) / 2));
  }

  /** Chooses the company and the user of the present request; once, before its first statement. */
  enter(tenant: Tenant): void {
    const scope = this.scope;
    if (scope.transaction) throw new Error('a transaction is bound to the company that it began with');
    scope.tenant = tenant;
  }

  /** Whose data this is about. @throws when no company is in scope */
  get tenant(): Tenant {
    const tenant = this.scope.tenant;
    if (!tenant) throw new Error('no company in scope: enter one first');
    return tenant;
  }

  /** The user who acts; null for the system. */
  get actorId(): string | null {
    return this.tenant.userId;
  }

  /** When the present work happens: one instant for every row of it, so that a record's `updatedAt` is when its history says. */
  get now(): Date {
    return (this.scope.now ??= clock.now());
  }

  /** The instant of a change of these records: now, but after the last change of each, whose clock may have been ahead of ours. */
  after(records: Changed[]): Date {
    const last = records.reduce((latest, { updatedAt }) => Math.max(latest, Date.parse(updatedAt)), -Infinity);
    return new Date(Math.max(this.now.getTime(), last + 1));
  }

  /**
   * The work is about to change these records, which were read under their lock, and has stamped nothing yet: from here on {@link now} is
   * {@link after} them. @returns them
   */
  follow<T extends Changed>(records: T[]): T[] {
    this.scope.now = this.after(records);
    return records;
  }

  /** The columns that every new record gets. */
  created() {
    const { now } = this;
    const { companyId, userId } = this.tenant;
    return { companyId, createdAt: now, updatedAt: now, createdByUserId: userId, updatedByUserId: userId };
  }

  /** The columns that every change sets (TypeORM counts the version itself). */
  changed() {
    return { updatedAt: this.now, updatedByUserId: this.actorId };
  }

  /** Rows; `$1` is the company, `values` begin at `$2`. */
  async query<T>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.transaction()).query<T>(text, values);
  }

  /** Number of rows changed; `$1` is the company. */
  async execute(text: string, values: unknown[] = []): Promise<number> {
    return (await this.transaction()).execute(text, values);
  }

  /** A statement whose answer nobody needs. It leaves with what follows it, up to the COMMIT, and what it fails with is what they fail with. */
  async write(text: string, values: unknown[] = []): Promise<void> {
    (await this.transaction()).write(text, values);
  }

  /** Rows of the request's last statement; the COMMIT goes with it. @param isNamed false for what is to be planned for its own values */
  async last<T>(text: string, values: unknown[] = [], isNamed = true): Promise<T[]> {
    return (await this.ended(inside(this.tenant, text, values, isNamed))).rows as T[];
  }

  /** {@link last} for rows that go out as they are. A column named `actionCode.code` is `code` of an object `actionCode`. */
  async lastAsJson<T>(text: string, values: unknown[] = []): Promise<JsonRows<T>> {
    const { json } = await this.ended({ ...inside(this.tenant, text, values), asJson: true });
    return json as JsonRows<T>;
  }

  /** Inserts records of the company, with their stamps. */
  async insert<E extends OfCompany>(entity: EntityTarget<E>, records: Fields<E> | Fields<E>[]): Promise<void> {
    const all: Fields<E>[] = Array.isArray(records) ? records : [records];
    const stamped = all.map((record) => Object.assign(this.created(), record));
    if (stamped.length > 0) await (await this.manager()).insert(entity, stamped);
  }

  /** Changes the records of the company that `which` names, stamps them and counts their version. */
  async update<E extends OfCompany>(entity: EntityTarget<E>, which: Which<E>, fields: Fields<E>): Promise<void> {
    const { companyId } = this.tenant;
    await (await this.manager()).update(entity, { ...which, companyId }, Object.assign({}, fields, this.changed()));
  }

  /** Deletes them softly. @param fields what is written along */
  delete<E extends OfCompany>(entity: EntityTarget<E>, which: Which<E>, fields?: Fields<E>): Promise<void> {
    return this.update(entity, which, Object.assign({}, fields, { deletedAt: this.now }));
  }

  /** TypeORM inside the transaction, for what the three above cannot say. */
  async manager(): Promise<EntityManager> {
    return (await this.transaction()).manager;
  }

  /** Of all companies, deleted ones too, for work that goes through them one by one. */
  async companyIds(): Promise<string[]> {
    return (await this.outside<{ id: string }>('SELECT company_ids AS id FROM company_ids()')).map(({ id }) => id);
  }

  /** A statement on tables that belong to no company, or through a door across companies (accounts by e-mail, ids for jobs); outside every transaction. */
  async outside<T>(text: string, values: unknown[] = []): Promise<T[]> {
    const scope = requestScope.getStore();
    const giveBack = (await (scope?.tenant && this.place(scope, scope.tenant))) ?? (() => undefined);
    const runner = this.dataSource.createQueryRunner();
    const client = await connect(runner, giveBack);
    try {
      return (await client.send(statement(text, values))).rows as T[];
    } finally {
      await release(runner, client, giveBack);
    }
  }

  /** Runs when the transaction has been committed. */
  async afterCommit(work: () => unknown): Promise<void> {
    (await this.transaction()).afterCommit(work);
  }

  /** Keeps what was written although the request is about to be refused (a counted failure, a revoked session). */
  async commit(): Promise<void> {
    const scope = this.scope;
    await (await scope.transaction)?.commit();
    scope.transaction = undefined;
  }

  /** @returns what the error comes from: TypeORM does not know of a {@link write} that failed before it */
  async rollback(error?: unknown): Promise<unknown> {
    const scope = requestScope.getStore();
    const transaction = await scope?.transaction?.catch(() => undefined); // undefined: it could not even begin
    await transaction?.rollback();
    if (scope) scope.transaction = undefined;
    return transaction ? transaction.causeOf(error) : error;
  }

  /** Work in one transaction of the given company, of its own scope: sign-up, jobs, seeds. Retried on deadlock. */
  within<T>(tenant: Tenant, work: () => Promise<T>): Promise<T> {
    const outer = requestScope.getStore();
    const scope: InnerScope = {
      requestId: outer?.requestId ?? 'job',
      ip: outer?.ip ?? null,
      userAgent: outer?.userAgent ?? null,
      tenant,
      outer,
    };
    return requestScope.run(scope, () => this.attempt(work));
  }

  /** Runs the work and commits; anew, a few times, when the database chose it as the victim of a deadlock. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await work();
        await this.commit();
        return result;
      } catch (error) {
        const cause = await this.rollback(error);
        if (!isRetryable(cause) || attempt >= ATTEMPTS) throw cause;
        await sleep(Math.random() * 20 * attempt); // two that met would else meet again
      }
    }
  }

  /** The answer to the request's last statement. */
  private async ended(last: Statement): Promise<Answer> {
    const { scope, tenant } = this;
    if (scope.transaction || scope.resume) return (await this.transaction()).last(last);
    const place = this.place(scope, tenant);
    const giveBack = typeof place === 'function' ? place : await place;
    const runner = this.dataSource.createQueryRunner();
    if (last.name) return Transaction.single(runner, tenant, giveBack, last);
    return (await Transaction.begin(runner, tenant, giveBack)).last(last);
  }

  private transaction(): Promise<Transaction> {
    const { scope } = this;
    return (scope.transaction ??= this.begin(scope));
  }

  private async begin(scope: RequestScope): Promise<Transaction> {
    const { tenant } = this;
    const place = this.place(scope, tenant);
    const giveBack = typeof place === 'function' ? place : await place;
    const transaction = await Transaction.begin(this.dataSource.createQueryRunner(), tenant, giveBack);
    try {
      await scope.resume?.(transaction);
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    return transaction;
  }

  /** Takes a place for one connection. @returns what gives it back; a promise only where a place must be waited for */
  private place(scope: RequestScope, { companyId }: Tenant): GiveBack | Promise<GiveBack> {
    if (!needsPlace(scope)) return () => undefined;
    const giveBack = () => this.places.giveBack(companyId);
    return this.places.take(companyId)?.then(() => giveBack) ?? giveBack;
  }

  private get scope(): RequestScope {
    const scope = requestScope.getStore();
    if (!scope) throw new Error('no request in scope');
    return scope;
  }
}

/**
 * Whether a connection counts for its company: those of the API's requests do. Jobs take one at a time, and must not fail because requests
 * are many. Whoever has a connection already must not wait for a second one: all places may be held by such as these.
 */
const needsPlace = ({ transaction, outer, route }: InnerScope): boolean =>
  !transaction && (outer ? needsPlace(outer) : (route?.startsWith('/api/') ?? false));
