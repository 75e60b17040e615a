import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ICAL from 'ical.js';
import { clock, localDay } from '#core';
import { Client } from '../../../test/client.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { calendarOf } from './leave-calendar.js';
import type { CalendarEntry } from './leave-calendar.js';
import { dayAfter } from './leave-period.js';
import type { LeavePeriod } from './leave-period.js';

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer({ PUBLIC_URL: 'https://time.example.com/' });
  clock.travelTo(new Date('2030-03-20T12:00:00Z'));
  company = await server.company({ timezone: 'Europe/Berlin' });
});
afterAll(async () => {
  clock.reset();
  await server?.stop();
});

const away = (person: Person, leave: Partial<LeavePeriod> & { leaveType?: string; status?: string; reason?: string }) =>
  person.company.insert('leave_requests', { userId: person.id, endDate: leave.startDate, leaveType: 'PTO', status: 'APPROVED', ...leave });

async function tokenOf(person: Person): Promise<string> {
  const { status, body } = await person.post('/me/calendar-token');
  expect(status).toBe(201);
  return body.token as string;
}

const feed = (token: string) => server.anybody.get(`/leave-calendar.ics?token=${token}`);

/** The events of a feed as an independent reader finds them, by UID. */
async function eventsOf(token: string): Promise<Map<string, ICAL.Event>> {
  const { status, body } = await feed(token);
  expect(status).toBe(200);
  const calendar = new ICAL.Component(ICAL.parse(body as string) as unknown[]);
  const events = calendar.getAllSubcomponents('vevent').map((component) => new ICAL.Event(component));
  return new Map(events.map((event) => [event.uid, event]));
}

const uid = (id: string) => `${id}@leave.ncy8`;

const utc = (instant: Date) => instant.toISOString().replace('.000', '');

function period(
  startDate: string,
  endDate: string,
  startPortion: LeavePeriod['startPortion'] = 'full',
  endPortion: LeavePeriod['endPortion'] = 'full',
): LeavePeriod {
  return { startDate, endDate, startPortion, endPortion };
}

describe('the address of a calendar', () => {
  it('is told once, and opens the feed', async () => {
    const person = await company.person();
    const { status, body, headers } = await person.post('/me/calendar-token');
    expect({ status, cache: headers['cache-control'] }).toEqual({ status: 201, cache: 'no-store' });
    expect(body).toEqual({ token: expect.any(String), url: `https://time.example.com/api/v1/leave-calendar.ics?token=${body.token}` });
    const answer = await feed(body.token);
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      'text/calendar; charset=utf-8',
      'no-store',
    ]);
    const rows = await server.sql<{ row: string }>('SELECT to_jsonb(k)::text AS row FROM calendar_tokens k WHERE "userId" = $1', [
      person.id,
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]!.row).not.toContain(body.token.split('.')[1]);
  });

  it('ends the one before, also of twenty at once', async () => {
    const person = await company.person();
    const old = await tokenOf(person);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => tokenOf(person)));
    expect(new Set(tokens).size).toBe(20);
    expect((await feed(old)).status).toBe(404);
    const answers = await Promise.all(tokens.map(feed));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('is never kept for a repeat', async () => {
    const person = await company.person();
    const key = { 'idempotency-key': randomUUID() };
    const [first, second] = [
      await person.post('/me/calendar-token', undefined, key),
      await person.post('/me/calendar-token', undefined, key),
    ];
    expect(second.body.token).not.toBe(first.body.token);
    expect(second.headers['idempotent-replayed']).toBeUndefined();
  });

  it('can be ended', async () => {
    const person = await company.person();
    const token = await tokenOf(person);
    expect((await person.delete('/me/calendar-token')).status).toBe(204);
    expect((await person.delete('/me/calendar-token')).status).toBe(404);
    expect((await feed(token)).status).toBe(404);
  });

  it('is not for keys, nor for nobody', async () => {
    const key = await company.admin.apiKey();
    expect([(await key.post('/me/calendar-token')).status, (await key.delete('/me/calendar-token')).status]).toEqual([403, 403]);
    expect([(await server.anybody.post('/me/calendar-token')).status, (await server.anybody.delete('/me/calendar-token')).status]).toEqual([
      401, 401,
    ]);
  });

  it('opens nothing once its owner may not sign in, and stays ended', async () => {
    const { admin } = company;
    const [suspended, deleted] = [await company.person(), await company.person()];
    const [first, second] = [await tokenOf(suspended), await tokenOf(deleted)];
    await admin.post(`/users/${suspended.id}/status`, { code: 'SUSPENDED' });
    await admin.delete(`/users/${deleted.id}`);
    expect([(await feed(first)).status, (await feed(second)).status]).toEqual([404, 404]);
    await admin.post(`/users/${suspended.id}/status`, { code: 'ACTIVE' });
    await admin.post(`/users/${deleted.id}/restore`);
    expect([(await feed(first)).status, (await feed(second)).status]).toEqual([404, 404]);
  });

  it('is made for nobody who is suspended at the same moment', async () => {
    const person = await company.person();
    const { status, body } = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [person.id]);
      const making = person.post('/me/calendar-token');
      await server.untilSomebodyWaits();
      await other.query('COMMIT');
      return making;
    });
    expect([status, body.code]).toEqual([401, 'not_signed_in']);
  });

  it('asks for the owner’s status each time', async () => {
    const person = await company.person();
    const token = await tokenOf(person);
    await server.sql(`UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = 'SUSPENDED') WHERE id = $1`, [person.id]);
    expect((await feed(token)).status).toBe(404);
  });

  it('answers alike to whatever opens nothing', async () => {
    const token = await tokenOf(await company.person());
    const { id: otherId } = await server.company();
    const [companyId, secret] = token.split('.') as [string, string];
    const wrong = [
      `${companyId}.${'A'.repeat(43)}`,
      `${otherId}.${secret}`,
      `${randomUUID()}.${secret}`,
      companyId,
      secret,
      'x',
      `${token}x`,
      "'--",
      'a'.repeat(4000),
    ];
    const answers = await Promise.all(wrong.map((each) => feed(encodeURIComponent(each))));
    for (const { status, body, headers } of answers) {
      expect({ status, code: body.code, instance: body.instance, type: headers['content-type'] }).toEqual({
        status: 404,
        code: 'not_found',
        instance: '/api/v1/leave-calendar.ics',
        type: 'application/problem+json; charset=utf-8',
      });
    }
    expect((await server.anybody.get('/leave-calendar.ics')).status).toBe(400);
    expect((await server.anybody.get(`/leave-calendar.ics?token=${token}&userId=x`)).status).toBe(400);
  });

  it('counts as a request of its owner, and only of theirs', async () => {
    const replica = await server.secondReplica({ RATE_LIMIT_PER_MINUTE: '4' });
    const [person, other] = [await company.person(), await company.person()];
    const [token, theirs] = [await tokenOf(person), await tokenOf(other)];
    const read = (address: string) => new Client(replica).get(`/leave-calendar.ics?token=${address}`);
    for (const left of ['3', '2', '1']) {
      const { status, headers } = await read(token);
      expect([status, headers['ratelimit-limit'], headers['ratelimit-remaining']]).toEqual([200, '4', left]);
    }
    expect((await person.on(replica).get('/me')).headers['ratelimit-remaining']).toBe('0');
    const { status, body, headers } = await read(token);
    expect([status, body.code, headers['ratelimit-remaining']]).toEqual([429, 'too_many_requests', '0']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect([(await read(theirs)).status, (await read(`${token}x`)).status]).toEqual([200, 404]);
  });

  it('stands in no log', async () => {
    const person = await company.person();
    const token = await tokenOf(person);
    const before = server.log.length;
    await feed(token);
    await feed(`${token}wrong`);
    expect(server.log.length).toBeGreaterThan(before);
    const secret = token.split('.')[1]!;
    expect(JSON.stringify(server.log)).not.toContain(secret);
    expect(JSON.stringify(server.log)).not.toContain('token=');
    const rows = await server.sql<{ row: string }>('SELECT to_jsonb(a)::text AS row FROM audit_logs a WHERE "userId" = $1', [person.id]);
    expect(rows.map(({ row }) => (JSON.parse(row) as { action: string }).action)).toContain('calendar_token_created');
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

describe('the feed', () => {
  it('holds approved leave, each as its request says', async () => {
    const own = await server.company({ timezone: 'Europe/Berlin' });
    const [person, colleague] = [await own.person(), await own.person({ firstName: 'Łukasz; "Ł"', lastName: 'Müller, jr.' })];
    const leaves: [LeavePeriod, string, string][] = [
      [period('2030-03-04', '2030-03-08'), '2030-03-04', '2030-03-09'],
      [period('2030-03-11', '2030-03-11'), '2030-03-11', '2030-03-12'],
      // winter time; then the day of the change to summer time
      [period('2030-03-12', '2030-03-12', 'morning', 'morning'), '2030-03-11T23:00:00Z', '2030-03-12T11:00:00Z'],
      [period('2030-03-13', '2030-03-13', 'afternoon', 'afternoon'), '2030-03-13T11:00:00Z', '2030-03-13T23:00:00Z'],
      [period('2030-03-31', '2030-03-31', 'morning', 'morning'), '2030-03-30T23:00:00Z', '2030-03-31T10:00:00Z'],
      [period('2030-04-01', '2030-04-05', 'afternoon', 'morning'), '2030-04-01T10:00:00Z', '2030-04-05T10:00:00Z'],
      [period('2030-12-30', '2031-01-03', 'full', 'morning'), '2030-12-29T23:00:00Z', '2031-01-03T11:00:00Z'],
    ];
    const due = new Map<string, { start: string; end: string }>();
    for (const [leave, start, end] of leaves) due.set(uid(await away(colleague, leave)), { start, end });
    for (const status of ['PENDING', 'REJECTED', 'CANCELLED']) await away(colleague, { ...period('2030-06-03', '2030-06-07'), status });

    const events = await eventsOf(await tokenOf(person));
    const found = new Map(
      [...events].map(([key, { startDate, endDate }]) => [
        key,
        startDate.isDate
          ? { start: startDate.toString(), end: endDate.toString() }
          : { start: utc(startDate.toJSDate()), end: utc(endDate.toJSDate()) },
      ]),
    );
    expect(found).toEqual(due);
    for (const { summary } of events.values()) expect(summary).toBe('Away: Łukasz; "Ł" Müller, jr.');
  });

  it.each([
    ['Africa/Casablanca', '2026-12-01'],
    ['America/Edmonton', '2026-12-01'],
    ['Atlantic/Azores', '2026-10-25'], // whose midnight comes twice
  ])('parts a day of %s at its midnight and noon, as entries have it', async (timezone, day) => {
    clock.travelTo(new Date('2026-11-10T12:00:00Z'));
    try {
      const own = await server.company({ timezone });
      const [first, second] = [await own.person(), await own.person()];
      const morning = await away(first, period(day, day, 'morning', 'morning'));
      const afternoon = await away(second, period(day, day, 'afternoon', 'afternoon'));
      const events = await eventsOf(await tokenOf(own.admin));
      const [am, pm] = [events.get(uid(morning))!, events.get(uid(afternoon))!];
      const shown = [am.startDate, am.endDate, pm.startDate, pm.endDate].map((at) =>
        at.toJSDate().toLocaleString('sv-SE', { timeZone: timezone }),
      );
      const next = dayAfter(day, 1);
      expect(shown).toEqual([`${day} 00:00:00`, `${day} 12:00:00`, `${day} 12:00:00`, `${next} 00:00:00`]);
      expect(localDay(am.startDate.toJSDate().getTime() - 1, timezone)).toBe(dayAfter(day, -1));
    } finally {
      clock.travelTo(new Date('2030-03-20T12:00:00Z'));
    }
  });

  it('is text of lines that all end, and holds no control character of a name', async () => {
    const own = await server.company();
    await away(await own.person({ firstName: 'Zo\u0007e\tAnn\u001b[31m', lastName: 'Li\nMay\u007f' }), { startDate: '2030-05-06' });
    const { body } = await feed(await tokenOf(own.admin));
    expect(body).toContain('\r\nSUMMARY:Away: Zoe\tAnn[31m Li\\nMay\r\n');
    expect(body).toMatch(/^BEGIN:VCALENDAR\r\n([^\p{Cc}]|[\t\r\n])+\r\nEND:VCALENDAR\r\n$/u);
  });

  it('tells the kind of one’s own only, and no reason at all', async () => {
    const [person, colleague] = [await company.person(), await company.person({ firstName: 'Ada', lastName: 'Lovelace' })];
    const mine = await away(person, { startDate: '2030-05-06', leaveType: 'UNPAID', reason: 'Canary' });
    const theirs = await away(colleague, { startDate: '2030-05-06', leaveType: 'SICK', reason: 'Canary' });
    for (const [reader, summaries] of [
      [person, ['Away (UNPAID)', 'Away: Ada Lovelace']],
      [colleague, [expect.stringMatching(/^Away: Pat /), 'Away (SICK)']],
    ] as const) {
      const token = await tokenOf(reader);
      const events = await eventsOf(token);
      expect([mine, theirs].map((id) => events.get(uid(id))!.summary)).toEqual(summaries);
      const { body } = await feed(token);
      expect(body).not.toContain('Canary');
      expect(body).not.toContain(reader === person ? 'SICK' : 'UNPAID');
    }
  });

  it('keeps the UID when a request changes, and says when it did', async () => {
    const person = await company.person();
    const id = await away(person, { startDate: '2030-05-06' });
    const token = await tokenOf(person);
    const stampOf = async () => {
      const event = (await eventsOf(token)).get(uid(id))!;
      return event.component.getFirstPropertyValue('dtstamp')!.toString();
    };
    const before = await stampOf();
    expect(await stampOf()).toBe(before);
    await server.sql(`UPDATE leave_requests SET "updatedAt" = '2030-03-21T09:30:00Z' WHERE id = $1`, [id]);
    expect(await stampOf()).toBe('2030-03-21T09:30:00Z');
    await server.sql(`UPDATE leave_requests SET status = 'CANCELLED' WHERE id = $1`, [id]);
    expect((await eventsOf(token)).has(uid(id))).toBe(false);
  });

  it('goes from a year ago to two years ahead, and no further than the company', async () => {
    const own = await server.company();
    const person = await own.person();
    const days = ['2029-03-18', '2029-03-19', '2030-03-20', '2032-03-20', '2032-03-21'];
    const ids: string[] = [];
    for (const startDate of days) ids.push(await away(person, { startDate }));
    const foreign = await away((await server.company()).admin, { startDate: '2030-03-20' });
    await away(company.admin, { startDate: '2030-03-20' });
    const events = await eventsOf(await tokenOf(own.admin));
    expect([...events.keys()].toSorted()).toEqual(ids.slice(1, 4).map(uid).toSorted());
    expect(events.has(uid(foreign))).toBe(false);
  });

  it('is bounded: one’s own come first', async () => {
    const own = await server.company();
    await server.sql(
      `INSERT INTO leave_requests ("companyId", "userId", "startDate", "endDate", "leaveType", status)
       SELECT $1, $2, date '2029-04-01' + n % 1000, date '2029-04-01' + n % 1000, 'PTO', CASE WHEN n < 1000 THEN 'APPROVED' ELSE 'CANCELLED' END
       FROM generate_series(0, 999) n`,
      [own.id, own.admin.id],
    );
    const others = await Promise.all(Array.from({ length: 5 }, () => own.person()));
    for (const { id } of others) {
      await server.sql(
        `INSERT INTO leave_requests ("companyId", "userId", "startDate", "endDate", "leaveType", status)
         SELECT $1, $2, date '2029-04-01' + n, date '2029-04-01' + n, 'PTO', 'APPROVED' FROM generate_series(0, 999) n`,
        [own.id, id],
      );
    }
    const token = await tokenOf(own.admin);
    const startedAt = performance.now();
    const { body } = await feed(token);
    process.stderr.write(`calendar: 5000 events in ${Math.round(performance.now() - startedAt)} ms\n`);
    expect((body as string).match(/BEGIN:VEVENT/g)).toHaveLength(5000);
    expect((body as string).match(/SUMMARY:Away \(PTO\)/g)).toHaveLength(1000);
  });

  it('lets others run while a long one is written', async () => {
    const entries = Array.from({ length: 1001 }, (_, n): CalendarEntry => ({
      ...period('2030-05-06', '2030-05-06'),
      id: String(n),
      firstName: 'Ada',
      lastName: 'Lovelace',
      leaveType: null,
      updatedAt: '2030-03-20T12:00:00Z',
    }));
    const texts: string[] = [];
    void calendarOf(entries, 'Europe/Berlin').then((text) => texts.push(text));
    let turns = 0;
    for (; texts.length === 0; turns++) await nextTurn();
    expect(turns).toBeGreaterThan(9);
    const events = new ICAL.Component(ICAL.parse(texts[0]!) as unknown[]).getAllSubcomponents('vevent');
    expect(events.map((event) => event.getFirstPropertyValue('uid'))).toEqual(entries.map(({ id }) => uid(id)));
  });
});
