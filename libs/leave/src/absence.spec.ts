import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import type { LeavePeriod } from './leave-period.js';

const MARCH = 'from=2030-03-01&to=2030-03-31';

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterAll(() => server?.stop());

const away = (person: Person, leave: Partial<LeavePeriod> & { status?: string; leaveType?: string; reason?: string } = {}) =>
  person.company.insert('leave_requests', {
    userId: person.id,
    startDate: '2030-03-04',
    endDate: leave.startDate ?? '2030-03-08',
    leaveType: 'SICK',
    status: 'APPROVED',
    ...leave,
  });

type Absence = LeavePeriod & { userId: string };

/** Whose absences somebody sees. */
async function seen(reader: Pick<Person, 'get'>, query = MARCH): Promise<Absence[]> {
  const { status, body } = await reader.get(`/absences?limit=200&${query}`);
  expect(status).toBe(200);
  return body.items as Absence[];
}

const of = async (person: Person, reader: Pick<Person, 'get'>, query?: string) =>
  (await seen(reader, query)).filter(({ userId }) => userId === person.id);

describe('who is away', () => {
  it('is told to every colleague, and never why', async () => {
    const person = await company.person({ firstName: 'Ada', lastName: 'Lovelace' });
    await away(person, { reason: 'Flu' });
    for (const reader of [await company.person(), person, company.admin, await company.admin.apiKey(['read_user'])]) {
      const items = await of(person, reader);
      expect(items).toEqual([
        {
          userId: person.id,
          firstName: 'Ada',
          lastName: 'Lovelace',
          startDate: '2030-03-04',
          endDate: '2030-03-08',
          startPortion: 'full',
          endPortion: 'full',
        },
      ]);
    }
    expect(JSON.stringify((await (await company.person()).get(`/absences?${MARCH}`)).body)).not.toMatch(/SICK|Flu|leaveType|reason/);
  });

  it('is told of approved leave only', async () => {
    const person = await company.person();
    const deleted = await away(person);
    expect(await of(person, company.admin)).toHaveLength(1);
    await server.sql('UPDATE leave_requests SET "deletedAt" = now() WHERE id = $1', [deleted]);
    for (const status of ['PENDING', 'REJECTED', 'CANCELLED']) await away(person, { status });
    expect(await of(person, company.admin)).toEqual([]);
  });

  it('from the approval to the cancellation', async () => {
    const [person, colleague] = [await company.person(), await company.person()];
    const { body } = await person.post('/leave-requests', { startDate: '2030-03-04', endDate: '2030-03-04', leaveType: 'PTO' });
    const told = async () => (await of(person, colleague)).length;
    expect(await told()).toBe(0);
    await company.admin.post(`/leave-requests/${body.id}/approve`, {});
    expect(await told()).toBe(1);
    await person.post(`/leave-requests/${body.id}/cancel`, {});
    expect(await told()).toBe(0);
  });

  it('is told of nobody who was deleted or anonymised, and to no other company', async () => {
    const [deleted, anonymised, person] = [await company.person(), await company.person(), await company.person()];
    for (const each of [deleted, anonymised, person]) await away(each);
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [deleted.id]);
    await server.sql('UPDATE users SET "isAnonymized" = true WHERE id = $1', [anonymised.id]);
    expect([await of(deleted, company.admin), await of(anonymised, company.admin)]).toEqual([[], []]);
    expect(await of(person, company.admin)).toHaveLength(1);
    expect(await seen((await server.company()).admin)).toEqual([]);
  });

  it('is of oneself alone for a key for own data', async () => {
    const [person, colleague] = [await company.person(), await company.person()];
    for (const each of [person, colleague]) await away(each);
    expect((await seen(await person.apiKey([]))).map(({ userId }) => userId)).toEqual([person.id]);
    expect((await seen(await person.apiKey())).map(({ userId }) => userId)).toEqual(expect.arrayContaining([person.id, colleague.id]));
  });

  it('is cut to the range', async () => {
    const person = await company.person();
    const halves = { startPortion: 'afternoon', endPortion: 'morning' } as const;
    await away(person, { startDate: '2030-05-06', endDate: '2030-05-10', ...halves });
    const cut = async (from: string, to: string) =>
      (await of(person, company.admin, `from=${from}&to=${to}`)).map((item) => [
        item.startDate,
        item.startPortion,
        item.endDate,
        item.endPortion,
      ]);
    expect(await cut('2030-05-01', '2030-05-31')).toEqual([['2030-05-06', 'afternoon', '2030-05-10', 'morning']]);
    expect(await cut('2030-05-07', '2030-05-09')).toEqual([['2030-05-07', 'full', '2030-05-09', 'full']]);
    expect(await cut('2030-05-06', '2030-05-06')).toEqual([['2030-05-06', 'afternoon', '2030-05-06', 'afternoon']]);
    expect(await cut('2030-05-10', '2030-05-12')).toEqual([['2030-05-10', 'morning', '2030-05-10', 'morning']]);
    expect(await cut('2030-05-01', '2030-05-05')).toEqual([]);
    expect(await cut('2030-05-11', '2030-05-31')).toEqual([]);
  });

  it('finds the longest leave on its last day', async () => {
    const person = await company.person();
    const { body } = await person.post('/leave-requests', { startDate: '2031-03-04', endDate: '2032-03-03', leaveType: 'UNPAID' });
    await company.admin.post(`/leave-requests/${body.id}/approve`, {});
    expect(await of(person, company.admin, 'from=2032-03-03&to=2032-03-03')).toHaveLength(1);
    expect(await of(person, company.admin, 'from=2032-03-04&to=2032-03-04')).toHaveLength(0);
  });
});

describe('the list', () => {
  it('goes by their beginning, page by page, and by team', async () => {
    const own = await server.company();
    const people = await Promise.all([own.person(), own.person(), own.person()]);
    const team = await own.team({ members: people.slice(0, 2) });
    for (const [n, startDate] of ['2030-03-05', '2030-02-20', '2030-03-05'].entries())
      await away(people[n]!, { startDate, endDate: '2030-03-06' });
    const walk = async (query: string) => {
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await own.admin.get(`/absences?limit=1&${query}${cursor && `&cursor=${cursor}`}`);
        found.push(...body.items.map((item: Absence) => item.userId));
        cursor = body.nextCursor;
      }
      return found;
    };
    const [first, second, third] = people.map(({ id }) => id) as [string, string, string];
    const all = await walk(MARCH);
    expect(all[0]).toBe(second);
    expect(all.slice(1).toSorted()).toEqual([first, third].toSorted());
    expect((await walk(`${MARCH}&teamId=${team.id}`)).toSorted()).toEqual([first, second].toSorted());
    expect(await walk(`${MARCH}&teamId=${randomUUID()}`)).toEqual([]);
    await server.sql('UPDATE teams SET "deletedAt" = now() WHERE id = $1', [team.id]);
    expect(await walk(`${MARCH}&teamId=${team.id}`)).toEqual([]);
  });

  it('has the morning of a day before its afternoon, page by page', async () => {
    const own = await server.company();
    const people = await Promise.all(Array.from({ length: 12 }, () => own.person()));
    const portions = people.map((_, n) => (['afternoon', 'full', 'morning'] as const)[n % 3]!);
    for (const [n, portion] of portions.entries())
      await away(people[n]!, { startDate: '2030-03-05', startPortion: portion, endPortion: portion });
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await own.admin.get(`/absences?limit=5&${MARCH}${cursor && `&cursor=${cursor}`}`);
      found.push(...body.items.map((item: Absence) => item.startPortion));
      cursor = body.nextCursor;
    }
    expect(found).toHaveLength(12);
    expect(found.map((portion) => portion === 'afternoon')).toEqual([...Array<boolean>(8).fill(false), ...Array<boolean>(4).fill(true)]);
  });

  it.each([
    ['', ['/from', '/to']],
    ['from=2030-03-01', ['/to']],
    ['from=2030-03-02&to=2030-03-01', ['/to']],
    ['from=2030-02-30&to=2030-03-01', ['/from']],
    ['from=2030-01-01&to=2031-01-02', ['/to']],
    [`${MARCH}&teamId=mine`, ['/teamId']],
    [`${MARCH}&userId=${randomUUID()}`, ['/userId']],
    [`${MARCH}&limit=201`, ['/limit']],
  ])('refuses "%s"', async (query, pointers) => {
    const { status, body } = await company.admin.get(`/absences?${query}`);
    expect(status).toBe(400);
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual(pointers);
  });

  it('takes 366 days', async () => {
    expect((await company.admin.get('/absences?from=2030-01-01&to=2031-01-01')).status).toBe(200);
  });
});
