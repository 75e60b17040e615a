import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { TestDatabase } from '../../../../test/database.js';
import { until } from '../../../../test/until.js';
import { asProblem } from '../http/problem.filter.js';
import { requestScope } from '../http/request-scope.js';
import { dataSourceOptions } from './database.js';
import { UnitOfWork } from './unit-of-work.js';

const company = randomUUID();
const tenant = { companyId: company, userId: null };

let database: TestDatabase;
let dataSource: DataSource;
let work: UnitOfWork;

beforeAll(async () => {
  database = await TestDatabase.clone();
  await database.sql('INSERT INTO companies (id, name) VALUES ($1, $2)', [company, 'Company']);
  dataSource = await new DataSource(dataSourceOptions(database.address('application'), { poolSize: 4 })).initialize();
  work = new UnitOfWork(dataSource);
});
beforeEach(() => database.sql('DELETE FROM teams'));
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const add = (name: string) => work.execute('INSERT INTO teams ("companyId", name) VALUES ($1, $2)', [name]);
const rename = (from: string, to: string) => work.execute('UPDATE teams SET name = $3 WHERE "companyId" = $1 AND name = $2', [from, to]);
const transactionId = async () =>
  (await work.query<{ id: number }>('SELECT pg_current_xact_id()::text::bigint AS id, $1::uuid AS company'))[0]?.id;

/** What others see: what has been committed. */
const kept = async () => (await database.sql<{ name: string }>('SELECT name FROM teams ORDER BY name')).map(({ name }) => name);

const pool = () => (dataSource.driver as unknown as { master: { totalCount: number; idleCount: number } }).master;
/** Connections that somebody has not given back. */
const busy = (): number => pool().totalCount - pool().idleCount;

describe('without a company in scope', () => {
  it('there is no transaction', async () => {
    await expect(work.query('SELECT 1')).rejects.toThrow('no request in scope');
    await expect(work.execute('SELECT 1')).rejects.toThrow('no request in scope');
    await expect(work.manager()).rejects.toThrow('no request in scope');
    expect(() => work.tenant).toThrow('no request in scope');
  });

  it('a company cannot be changed for another one later', async () => {
    await work.within(tenant, async () => {
      await work.query('SELECT $1::uuid');
      expect(() => work.enter({ companyId: randomUUID(), userId: null })).toThrow('bound to the company');
    });
  });
});

describe('a transaction', () => {
  it('keeps what was done in it', async () => {
    expect(await work.within(tenant, () => add('A'))).toBe(1);
    expect(await kept()).toEqual(['A']);
    expect(busy()).toBe(0);
  });

  it('sees the company that it began with, and no other', async () => {
    await work.within(tenant, () => add('A'));
    const read = () => work.query('SELECT name FROM teams WHERE "companyId" = $1');
    expect(await work.within(tenant, read)).toEqual([{ name: 'A' }]);
    expect(await work.within({ companyId: randomUUID(), userId: null }, read)).toEqual([]);
  });

  it('is one for all statements of a request, those at the same time too', async () => {
    const ids = await work.within(tenant, async () => [await transactionId(), ...(await Promise.all([transactionId(), transactionId()]))]);
    expect(new Set(ids).size).toBe(1);
    const [one, other] = await Promise.all([work.within(tenant, transactionId), work.within(tenant, transactionId)]);
    expect(one).not.toBe(other);
  });

  it('is the one that TypeORM writes in', async () => {
    await work.within(tenant, async () => {
      const manager = await work.manager();
      await manager.query('INSERT INTO teams ("companyId", name) VALUES ($1, $2)', [company, 'ORM']);
      await expect(kept()).resolves.toEqual([]);
    });
    expect(await kept()).toEqual(['ORM']);
  });

  it('leaves nothing behind when something was thrown', async () => {
    const failing = work.within(tenant, async () => {
      await add('A');
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await kept()).toEqual([]);
    expect(busy()).toBe(0);
  });

  it('keeps what was committed before a refusal', async () => {
    const failing = work.within(tenant, async () => {
      await add('counted');
      await work.commit();
      await add('not');
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await kept()).toEqual(['counted']);
  });
});

const wrong = () => work.query('SELECT 1/0 AS "companyId", $1::uuid');

describe('an SQL error', () => {
  it('that somebody swallowed is never reported as success', async () => {
    const swallowing = work.within(tenant, async () => {
      await add('A');
      await wrong().catch(() => undefined);
      return 'done';
    });
    await expect(swallowing).rejects.toMatchObject({ code: '22012' });
    expect(await kept()).toEqual([]);
    expect(busy()).toBe(0);
  });

  it('is told as itself, not as the "aborted" of what came behind it', async () => {
    const pipelined = work.within(tenant, () => Promise.all([wrong(), add('A')]));
    await expect(pipelined).rejects.toMatchObject({ code: '22012' });
    const behind = work.within(tenant, async () => {
      await wrong().catch(() => undefined);
      await add('A');
    });
    await expect(behind).rejects.toMatchObject({ code: '22012' });
  });

  it('in the last statement is never reported as success, even when it is swallowed', async () => {
    const swallowing = work.within(tenant, async () => {
      await add('A');
      await work.last('SELECT 1/0, $1::uuid').catch(() => undefined);
      return 'done';
    });
    await expect(swallowing).rejects.toMatchObject({ code: '22012' });
    expect(await kept()).toEqual([]);
  });

  it('in the last statement fails, and gives the connection back', async () => {
    await expect(work.within(tenant, () => work.last('SELECT 1/0, $1::uuid'))).rejects.toMatchObject({ code: '22012' });
    expect(busy()).toBe(0);
  });

  it('in the tenant setting fails the first statement', async () => {
    await expect(work.within({ companyId: 'none', userId: null }, () => add('A'))).rejects.toMatchObject({ code: '22P02' });
    expect(busy()).toBe(0);
  });
});

const write = (name: string) => work.write('INSERT INTO teams ("companyId", name) VALUES ($1, $2)', [name]);
const writeWrong = () => work.write('SELECT 1/0, $1::uuid');

describe('a statement that nobody waits for', () => {
  it('is kept, and seen by those behind it', async () => {
    await work.within(tenant, async () => {
      await write('A');
      expect(await work.query('SELECT name FROM teams WHERE "companyId" = $1')).toEqual([{ name: 'A' }]);
      await write('B');
    });
    expect(await kept()).toEqual(['A', 'B']);
  });

  it.each<[string, () => unknown]>([
    ['the COMMIT', () => undefined],
    ['the COMMIT of a later tick', () => sleep(1)],
    ['the next statement', () => add('B')],
    ['a statement of a later tick', () => sleep(1).then(() => add('B'))],
    ['TypeORM', async () => (await work.manager()).query('SELECT 1')],
    ['the last statement', () => work.last('SELECT 1 AS one, $1::uuid')],
  ])('fails with %s, as itself', async (_, behind) => {
    const failing = work.within(tenant, async () => {
      await write('A');
      await writeWrong();
      await behind();
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(await kept()).toEqual([]);
    expect(busy()).toBe(0);
  });

  it('is refused at once where it cannot be sent', async () => {
    const unsendable = { toPostgres: () => { throw new Error('no text') } }; // prettier-ignore
    await expect(work.within(tenant, () => work.write('SELECT $1::uuid, $2::text', [unsendable]))).rejects.toThrow('no text');
    expect(await kept()).toEqual([]);
    const late = work.within(tenant, async () => {
      await write('A');
      await work.last('SELECT $1::uuid');
      await write('B');
    });
    await expect(late).rejects.toThrow('has ended');
    expect(await kept()).toEqual(['A']);
    expect(busy()).toBe(0);
  });

  it('is done anew with the others after a deadlock', async () => {
    await database.sql(`CREATE FUNCTION meet(uuid) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '40P01'; END $$`);
    let attempts = 0;
    await work.within(tenant, async () => {
      attempts++;
      if (attempts === 1) await work.write('SELECT meet($1)');
      await write('A');
    });
    expect([attempts, await kept()]).toEqual([2, ['A']]);
  });
});

describe('the last statement', () => {
  it('commits', async () => {
    await work.within(tenant, async () => {
      await add('A');
      expect(await work.last('SELECT name FROM teams WHERE "companyId" = $1')).toEqual([{ name: 'A' }]);
      expect(await kept()).toEqual(['A']);
      await expect(add('B')).rejects.toThrow('has ended');
    });
  });

  it('is no success when an error before it was swallowed', async () => {
    const swallowing = work.within(tenant, async () => {
      await work.query('SELECT 1/0, $1::uuid').catch(() => undefined);
      return work.last('SELECT 1 AS one, $1::uuid');
    });
    await expect(swallowing).rejects.toMatchObject({ code: '22012' });
  });
});

describe('what is to run after the commit', () => {
  it('runs once it is kept, and never when it is not', async () => {
    const ran: string[] = [];
    await work.within(tenant, async () => {
      await add('A');
      await work.afterCommit(() => ran.push('kept'));
      expect(ran).toEqual([]);
    });
    const failing = work.within(tenant, async () => {
      await work.afterCommit(() => ran.push('lost'));
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(ran).toEqual(['kept']);
  });
});

describe('two at once', () => {
  it('that lock each other out both succeed, one of them at a later attempt', async () => {
    await work.within(tenant, async () => [await add('A'), await add('B')]);
    let attempts = 0;
    const both = meeting(2);
    const cross = (first: string, second: string) =>
      work.within(tenant, async () => {
        attempts++;
        await rename(first, `${first}1`);
        await both();
        await rename(second, `${second}2`);
        await rename(`${first}1`, first);
        await rename(`${second}2`, second);
      });
    await Promise.all([cross('A', 'B'), cross('B', 'A')]);
    expect(attempts).toBeGreaterThan(2); // three, or more when they meet again
    expect(await kept()).toEqual(['A', 'B']);
    expect(busy()).toBe(0);
  });

  it('give up when it does not end', async () => {
    let attempts = 0;
    const failing = work.within(tenant, async () => {
      attempts++;
      await work.query(`SELECT $1::uuid, set_config('app.x', 'x', true)`);
      throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    });
    await expect(failing).rejects.toMatchObject({ code: '40P01' });
    expect(attempts).toBe(4);
    expect(asProblem(await failing.catch((error: unknown) => error))).toMatchObject({ code: 'service_unavailable', status: 503 });
  });
});

/** Nobody goes on before all have come; later comers do not wait. */
function meeting(size: number): () => Promise<void> {
  let arrived = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  return () => {
    if (++arrived === size) resolve();
    return promise;
  };
}

const terminate = (pid: number) => database.sql('SELECT pg_terminate_backend($1)', [pid]);
const backend = async () => (await work.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, $1::uuid'))[0]!.pid;

/** As a request of the API. */
const asked = <T>(does: () => Promise<T>): Promise<T> =>
  requestScope.run({ requestId: 'x', ip: null, userAgent: null, route: '/api/v1/teams', tenant }, () => work.attempt(does));

/** Requests of this company that hold a connection until they are let go. */
async function holding(count: number): Promise<() => Promise<unknown>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const allCame = meeting(count);
  const all = Array.from({ length: count }, () =>
    asked(async () => {
      await add('held');
      await allCame();
      await promise;
    }),
  );
  while (busy() < count) await new Promise(setImmediate);
  return () => {
    resolve();
    return Promise.all(all);
  };
}

describe('the places of a company', () => {
  it('are half of the pool: the next request of it waits for one, and one of another company does not', async () => {
    const letGo = await holding(2);
    let isIn = false;
    const third = asked(() => work.last('SELECT $1::uuid')).then(() => (isIn = true));
    await expect(work.within({ companyId: randomUUID(), userId: null }, () => work.last('SELECT $1::uuid'))).resolves.toHaveLength(1);
    await sleep(100);
    expect(isIn).toBe(false);
    await letGo();
    await third;
    expect(busy()).toBe(0);
  });

  it('are not asked for twice by one request, nor at all by a job', async () => {
    const both = meeting(2);
    const nested = () =>
      asked(async () => {
        await add('outer');
        await both(); // from here on all places are taken
        await work.within(tenant, () => add('inner'));
        await work.outside('SELECT 1');
      });
    await expect(Promise.all([nested(), nested()])).resolves.toHaveLength(2); // else they would wait for each other, and be refused
    const letGo = await holding(2);
    await work.within(tenant, () => add('job'));
    await letGo();
  });

  it('come back however a connection ends', async () => {
    const endings = [
      () => work.last('SELECT $1::uuid'),
      () => work.last('SELECT $1::uuid', [], false),
      () => work.last('SELECT 1/0, $1::uuid'),
      () => wrong(),
      () => work.outside('SELECT 1'),
      () => work.outside('SELECT 1/0'),
      () => work.within({ companyId: 'none', userId: null }, () => add('A')),
      async () => {
        await add('A');
        throw new Error('refused');
      },
      async () => {
        await add('A');
        await work.commit();
        await add('B');
      },
      () => {
        const { createQueryRunner } = dataSource;
        const runner = dataSource.createQueryRunner();
        runner.connect = () => Promise.reject(new Error('no connection'));
        dataSource.createQueryRunner = () => Object.assign(dataSource, { createQueryRunner }) && runner;
        return add('A');
      },
      async () => {
        const { databaseConnection } = (await work.manager()).queryRunner as unknown as { databaseConnection: EventEmitter };
        const heard = once(databaseConnection, 'end');
        await terminate(await backend());
        await heard;
      },
    ];
    for (const ending of endings) {
      for (let time = 0; time < 3; time++) await asked<unknown>(ending).catch(() => undefined);
      await expect(asked(() => add('A'))).resolves.toBe(1);
      expect(busy()).toBe(0);
    }
  });
});

describe('a connection that is lost', () => {
  it('in the middle is 503, keeps nothing, and the pool goes on', async () => {
    const failing = work.within(tenant, async () => {
      await add('A');
      await terminate(await backend());
      await add('B');
    });
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(asProblem(error)).toMatchObject({ code: 'service_unavailable', status: 503 });
    expect(await kept()).toEqual([]);
    await expect(work.within(tenant, () => add('C'))).resolves.toBe(1);
    expect(busy()).toBe(0);
  });

  it('while a statement runs is 503 too', async () => {
    const failing = work.within(tenant, async () => {
      const pid = await backend();
      const sleeping = work.query('SELECT pg_sleep(20), $1::uuid');
      sleeping.catch(() => undefined); // it may fail before it is waited for
      await terminate(pid);
      await sleeping;
    });
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(asProblem(error)).toMatchObject({ code: 'service_unavailable', status: 503 });
    expect(busy()).toBe(0);
  });

  it('while it is idle is not noticed by the next request', async () => {
    const pid = await work.within(tenant, backend);
    const { totalCount } = pool();
    await terminate(pid);
    await until(() => pool().totalCount < totalCount);
    await expect(work.within(tenant, () => add('D'))).resolves.toBe(1);
  });

  it('at the COMMIT is 503 as well', async () => {
    const failing = work.within(tenant, async () => {
      await add('A');
      await terminate(await backend());
    });
    expect(asProblem(await failing.catch((error: unknown) => error))).toMatchObject({ status: 503 });
    expect(await kept()).toEqual([]);
    expect(busy()).toBe(0);
  });
});
