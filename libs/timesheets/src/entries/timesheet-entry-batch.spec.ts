import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { statuses, twenty } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { statementsOf } from '../../../../test/unscoped.js';

const WEEK = { periodStart: '2026-03-02', periodEnd: '2026-03-08' };

let server: TestServer;
let company: Company;
let code: string;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  code = (await company.actionCode()).id;
});
afterAll(() => server?.stop());

const minutes = (day: string, durationMin = 60, more: object = {}) => ({ day, durationMin, actionCodeId: code, country: 'DE', ...more });
const span = (from: string, to: string, more: object = {}) => ({
  startedAt: `2026-03-${from}:00Z`,
  endedAt: `2026-03-${to}:00Z`,
  actionCodeId: code,
  country: 'DE',
  ...more,
});
const batch = (person: Person, entries: unknown) => person.post('/timesheet-entries/batch', { entries });
const told = (errors: { pointer: string; code?: string }[]) => errors.map(({ pointer, code: fault }) => `${pointer} ${fault ?? ''}`.trim());

async function countOf(person: Person): Promise<number> {
  const [row] = await server.sql<{ n: number }>('SELECT count(*)::int AS n FROM timesheet_entries WHERE "userId" = $1', [person.id]);
  return row!.n;
}

describe('a batch of entries', () => {
  it('answers what is read of them later', async () => {
    const person = await company.person();
    const { body: sheet } = await person.post('/timesheets', WEEK);
    const capitals = { actionCodeId: code.toUpperCase(), timesheetId: (sheet.id as string).toUpperCase() };
    const { status, body } = await batch(person, [
      minutes('2026-03-02', 0, { ...capitals, note: ' "Grüße"\t𝛑 ' }),
      span('03T08:00', '03T09:00', {
        ...capitals,
        timezone: 'Asia/KOLKATA',
        endedAt: '2026-03-03T10:00:59.999999999+01:00',
        workMode: 'hybrid',
      }),
      span('04T22:00', '05T21:59', { note: '' }),
    ]);
    expect(status).toBe(201);
    const { body: list } = await person.get(`/timesheets/${sheet.id}/entries`);
    expect(body.items).toEqual(list.items);
  });

  it('is made in the order given; each timesheet moves once', async () => {
    const person = await company.person();
    const sheets = [
      await person.post('/timesheets', WEEK),
      await person.post('/timesheets', { periodStart: '2026-03-09', periodEnd: '2026-03-15' }),
    ];
    const { status, body } = await batch(person, [
      minutes('2026-03-10', 10),
      span('03T08:00', '03T09:00'),
      minutes('2026-03-02', 20),
      minutes('2026-03-20', 30),
    ]);
    expect(status).toBe(201);
    expect(body.items.map(({ day, timesheetId }: { day: string; timesheetId: string }) => [day, timesheetId])).toEqual([
      ['2026-03-10', sheets[1]!.body.id],
      ['2026-03-03', sheets[0]!.body.id],
      ['2026-03-02', sheets[0]!.body.id],
      ['2026-03-20', null],
    ]);
    const after = await Promise.all(sheets.map(async (sheet) => (await person.get(`/timesheets/${sheet.body.id}`)).body));
    expect(after).toMatchObject([
      { totalMinutes: 80, version: 2 },
      { totalMinutes: 10, version: 2 },
    ]);
    const history = await person.get(`/timesheet-history?userId=${person.id}&targetType=TimesheetEntry`);
    expect(history.body.items).toHaveLength(4);
  });

  it('of 500 takes a handful of statements', async () => {
    const person = await company.person();
    await person.post('/timesheets', { periodStart: '2026-03-01', periodEnd: '2026-03-31' });
    const entries = Array.from({ length: 500 }, (_, n) => minutes(`2026-03-${String((n % 28) + 1).padStart(2, '0')}`, 30));
    const statements = counting();
    const { status, body } = await batch(person, entries);
    expect(statements.stop()).toBeLessThan(25);
    expect(status).toBe(201);
    expect(body.items.map(({ day }: { day: string }) => day)).toEqual(entries.map(({ day }) => day));
    const [{ rows }] = (await server.sql<{ rows: number }>(
      `SELECT count(*)::int AS rows FROM timesheet_history WHERE "userId" = $1 AND action = 'created'`,
      [person.id],
    )) as [{ rows: number }];
    expect(rows).toBe(501);
    expect((await person.get('/timesheets')).body.items[0]).toMatchObject({ totalMinutes: 15_000, version: 2 });
  });

  it('tells first every 400, by pointer, and makes none', async () => {
    const person = await company.person();
    await batch(person, [span('02T08:00', '02T10:00')]);
    const shape = await batch(person, [minutes('2026-03-02'), minutes('2023-02-30'), minutes('2026-03-02', 1441, { country: 'D' })]);
    expect(shape.status).toBe(400);
    expect(told(shape.body.errors)).toEqual(
      ['/entries/1/day', '/entries/2/country', '/entries/2/durationMin'].map((at) => `${at} validation_failed`),
    );
    const mangled = await batch(person, [minutes('2026-03-02'), minutes('2026-03-02', 60, { note: '\0' })]);
    expect(told(mangled.body.errors)).toEqual(['/entries/1/note validation_failed']);
    expect(told((await person.post('/timesheet-entries/batch', [])).body.errors)).toEqual(['validation_failed']);
    const bare = await batch(person, [minutes('2026-03-02'), { actionCodeId: code }]);
    expect(bare.body.errors).toEqual([
      { pointer: '/entries/1/day', detail: 'is required without startedAt and endedAt', code: 'validation_failed' },
      { pointer: '/entries/1/country', detail: 'is required', code: 'validation_failed' },
      { pointer: '/entries/1/durationMin', detail: 'is required without startedAt and endedAt', code: 'validation_failed' },
    ]);
    const sense = await batch(person, [
      span('02T08:00', '02T09:00'), // overlaps, but that is a 409
      minutes('2026-03-02', 60, { actionCodeId: randomUUID(), taskId: randomUUID() }),
      span('03T10:00', '03T09:00'),
    ]);
    expect({ status: sense.status, code: sense.body.code, told: told(sense.body.errors) }).toEqual({
      status: 400,
      code: 'validation_failed',
      told: ['/entries/1/actionCodeId unknown_reference', '/entries/1/taskId unknown_reference', '/entries/2/endedAt validation_failed'],
    });
    const all = await person.post('/timesheet-entries/batch', {
      entries: [
        minutes('2026-03-02', 60, { note: 5, taskId: randomUUID() }),
        span('03T10:00', '03T09:00', { actionCodeId: randomUUID() }),
        minutes('2026-03-02', 60, { actionCodeId: randomUUID() }),
        7,
        minutes('2026-03-02', 60, { userId: 'me', timesheetId: randomUUID() }),
        span('03T10:00', '03T11:00', { day: '2026-03-04', note: '\0' }),
        minutes('2026-03-02'),
      ],
      zzz: 1,
    });
    expect({ status: all.status, code: all.body.code, told: told(all.body.errors) }).toEqual({
      status: 400,
      code: 'validation_failed',
      told: [
        '/zzz validation_failed',
        '/entries/0/note validation_failed',
        '/entries/0/taskId unknown_reference',
        '/entries/1/endedAt validation_failed',
        '/entries/1/actionCodeId unknown_reference',
        '/entries/2/actionCodeId unknown_reference',
        '/entries/3 validation_failed',
        '/entries/4/userId validation_failed',
        '/entries/5/note validation_failed',
        '/entries/5/day validation_failed',
      ],
    });
    for (const wrong of [
      [],
      undefined,
      'x',
      Array.from({ length: 501 }, () => minutes('2026-03-02', 1)),
      [null],
      [minutes('2026-03-02'), 7],
    ]) {
      expect((await batch(person, wrong)).status).toBe(400);
    }
    expect(await countOf(person)).toBe(1);
  });

  it('tells then every 409, by pointer, code and what it conflicts with, and makes none', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const { body: existing } = await batch(person, [span('20T08:00', '20T10:00'), minutes('2026-03-21', 1400)]);
    const { body: locked } = await person.post('/timesheets', WEEK);
    await person.post('/timesheet-entries', minutes('2026-03-02'));
    await person.post(`/timesheets/${locked.id}/submit`);
    const { body: open } = await person.post('/timesheets', { periodStart: '2026-03-09', periodEnd: '2026-03-15' });
    const { id: inactive } = await company.actionCode({ active: false });
    const { status, body } = await batch(person, [
      minutes('2026-03-22'),
      span('20T09:00', '20T11:00'),
      span('23T09:00', '23T11:00'),
      span('23T10:00', '23T12:00'),
      minutes('2026-03-21', 30),
      minutes('2026-03-21', 30),
      minutes('2026-03-03'),
      minutes('2026-03-16', 60, { timesheetId: open.id }),
      minutes('2026-03-22', 60, { actionCodeId: inactive }),
    ]);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'entry_overlap' });
    expect(told(body.errors)).toEqual([
      '/entries/1/startedAt entry_overlap',
      '/entries/3/startedAt entry_overlap',
      '/entries/5/day day_full',
      '/entries/6/day timesheet_locked',
      '/entries/7/day outside_period',
      '/entries/8/actionCodeId action_code_inactive',
    ]);
    expect(body.errors[0].conflictsWith).toEqual([existing.items[0].id]);
    expect(body.errors[1]).not.toHaveProperty('conflictsWith');
    expect(await countOf(person)).toBe(3);
  });

  it('tells of any spans which overlap one before them', async () => {
    const person = await company.person();
    const WEEK_MS = 7 * 86_400_000;
    let week = Date.UTC(2026, 0, 5);
    // All together no more than a day has.
    const spans = fc.array(fc.record({ from: fc.nat(40), length: fc.integer({ min: 1, max: 6 }) }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(spans, async (drawn) => {
        week += WEEK_MS;
        const at = (halfHours: number) => new Date(week + halfHours * 1_800_000).toISOString();
        const { status, body } = await batch(
          person,
          drawn.map(({ from, length }) => ({ startedAt: at(from), endedAt: at(from + length), actionCodeId: code, country: 'DE' })),
        );
        const overlapping = drawn.flatMap((one, place) =>
          drawn.slice(0, place).some((other) => other.from < one.from + one.length && one.from < other.from + other.length) ? [place] : [],
        );
        const found = told(body.errors ?? []).filter((fault) => fault.endsWith('entry_overlap'));
        expect(found).toEqual(overlapping.map((place) => `/entries/${place}/startedAt entry_overlap`));
        expect(status).toBe(overlapping.length === 0 ? 201 : 409);
      }),
      { numRuns: 60 },
    );
  });

  it('of twenty at once exactly one is made', async () => {
    const person = await company.person();
    const entries = [span('02T08:00', '02T09:00'), span('02T09:00', '02T10:00'), minutes('2026-03-02', 700)];
    const answers = await twenty((n) => batch(person, n % 2 ? entries : entries.toReversed()));
    expect(statuses(answers)).toEqual([201, ...Array<number>(19).fill(409)]);
    expect(await countOf(person)).toBe(3);
  });

  it('for several people at once, in whatever order, never deadlocks', async () => {
    const clerk = await company.person({ role: ['create_timesheet'] });
    const people = await Promise.all(Array.from({ length: 4 }, () => company.person()));
    const entries = (n: number) =>
      people.map(({ id: userId }) =>
        span(`02T${String(n + 2).padStart(2, '0')}:00`, `02T${String(n + 2).padStart(2, '0')}:30`, { userId }),
      );
    const answers = await twenty((n) => batch(clerk, n % 2 ? entries(n) : entries(n).toReversed()));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(201));
    expect((await batch(people[0]!, [minutes('2026-03-05'), minutes('2026-03-05', 60, { userId: people[1]!.id })])).status).toBe(403);
    const halves = await batch(people[0]!, [
      minutes('2026-03-05'),
      { ...minutes('2026-03-05', 60, { userId: people[1]!.id }), day: undefined },
    ]);
    expect({ status: halves.status, pointer: halves.body.errors?.[0].pointer }).toEqual({ status: 400, pointer: '/entries/1/day' });
    const foreign = minutes('2026-03-05', 60, { userId: people[1]!.id });
    const odd = await batch(people[0]!, [foreign, span('05T10:00', '05T09:00'), minutes('2026-03-05', 60, { note: 5 })]);
    expect([odd.status, told(odd.body.errors)]).toEqual([
      400,
      ['/entries/1/endedAt validation_failed', '/entries/2/note validation_failed'],
    ]);
    const { body } = await batch(clerk, [minutes('2026-03-05'), minutes('2026-03-05', 60, { userId: randomUUID() })]);
    expect(told(body.errors)).toEqual(['/entries/1/userId unknown_reference']);
  });
});

/** Counts what is sent to the database from here on. */
function counting() {
  const original = pg.Client.prototype.query;
  let count = 0;
  pg.Client.prototype.query = function query(this: pg.Client, ...args: unknown[]) {
    count += statementsOf(args[0]).length;
    return (original as (...all: unknown[]) => unknown).apply(this, args);
  } as typeof pg.Client.prototype.query;
  return {
    stop(): number {
      pg.Client.prototype.query = original;
      return count;
    },
  };
}
