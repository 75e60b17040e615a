import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses, clock, UnitOfWork } from '#core';
import type { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { HistoryRepository } from './history.repository.js';
import { diffOf, TimesheetHistoryWriter } from './history.writer.js';
import type { HistoryEvent } from './history.writer.js';

let server: TestServer;
let company: Company;
let member: Person;
let lead: Person;
let colleague: Person;
let reader: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company({ timezone: 'America/New_York' });
  [member, lead, colleague, reader] = await Promise.all([
    company.person(),
    company.person(),
    company.person(),
    company.person({ role: ['read_timesheet_history'] }),
  ]);
  await company.team({ leads: [lead], members: [member] });
});
afterAll(async () => {
  clock.reset();
  await server.stop();
});

/** Written as the request of a member would. */
function record(events: HistoryEvent[], actor: Person | null = member): Promise<void> {
  const writer = server.app.get(TimesheetHistoryWriter);
  return server.app.get(UnitOfWork).within({ companyId: company.id, userId: actor?.id ?? null }, () => writer.record(events));
}

async function recordOne(event: Partial<HistoryEvent> = {}, actor: Person | null = member): Promise<{ id: string; targetId: string }> {
  const targetId = event.targetId ?? randomUUID();
  await record([{ userId: member.id, targetType: 'Timesheet', action: 'created', ...event, targetId }], actor);
  const [row] = await server.sql<{ id: string }>(
    'SELECT id FROM timesheet_history WHERE "targetId" = $1 ORDER BY xmin::text::bigint DESC LIMIT 1', // two may be of one millisecond
    [targetId],
  );
  return { id: row!.id, targetId };
}

const ids = (body: { items: { id: string }[] }) => body.items.map(({ id }) => id);

describe('writing', () => {
  it('keeps who, what and when of any number of events', async () => {
    const at = '2026-05-04T10:00:00.120Z';
    clock.travelTo(new Date(at));
    const targetId = randomUUID();
    const events = Array.from(
      { length: 300 },
      (_, n) => ({ userId: member.id, targetType: 'TimesheetEntry', targetId, action: 'created', metadata: { n } }) as const,
    );
    await record(
      [
        ...events,
        {
          userId: member.id,
          targetType: 'TimesheetEntry',
          targetId,
          action: 'deleted',
          reason: 'Twice',
          diff: { note: { before: 'a', after: null } },
        },
      ],
      null,
    );
    clock.reset();
    const rows = await server.sql<{ metadata: { n: number } | null }>(
      'SELECT *, metadata IS NULL AND "createdByUserId" IS NULL AS "hasNulls" FROM timesheet_history WHERE "targetId" = $1',
      [targetId],
    );
    expect(
      rows
        .filter(({ metadata }) => metadata)
        .map(({ metadata }) => metadata!.n)
        .toSorted((a, b) => a - b),
    ).toEqual(events.map(({ metadata }) => metadata.n));
    const [row] = rows.filter(({ metadata }) => !metadata);
    expect(row).toMatchObject({
      hasNulls: true,
      companyId: company.id,
      action: 'deleted',
      actorUserId: null,
      reason: 'Twice',
      diff: { note: { before: 'a', after: null } },
    });
    expect(Math.abs((row as unknown as { occurredAt: Date }).occurredAt.getTime() - Date.parse(at))).toBeLessThan(1000);
  });

  it('leaves nothing when its transaction rolls back', async () => {
    const targetId = randomUUID();
    const work = server.app.get(UnitOfWork);
    const failing = work.within({ companyId: company.id, userId: member.id }, async () => {
      await server.app.get(TimesheetHistoryWriter).record([{ userId: member.id, targetType: 'Timesheet', targetId, action: 'created' }]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await server.sql('SELECT 1 FROM timesheet_history WHERE "targetId" = $1', [targetId])).toEqual([]);
  });

  it('tells of a change only what differs, of a creation and a deletion all', () => {
    const before = { a: 1, b: 'x', c: null, at: '2026-03-02T08:00:00Z', other: 1 };
    const after = { a: 2, b: 'x', at: new Date('2026-03-02T08:00:00Z'), other: 2 };
    expect(diffOf(before, after, ['a', 'b', 'c', 'at'])).toEqual({ a: { before: 1, after: 2 } });
    expect(diffOf(null, before, ['a', 'c'])).toEqual({ a: { before: null, after: 1 } });
    expect(diffOf(before, null, ['b', 'at'])).toEqual({
      b: { before: 'x', after: null },
      at: { before: '2026-03-02T08:00:00Z', after: null },
    });
    expect(diffOf({ at: '2026-03-02T08:00:00.12Z' }, { at: new Date('2026-03-02T08:00:00.120Z') }, ['at'])).toEqual({});
  });

  it('is never changed or deleted by the application, nor by the owner', async () => {
    const { id } = await recordOne();
    for (const role of ['application', 'owner'] as const) {
      await server.database.as(role, async (client) => {
        for (const verb of [`UPDATE timesheet_history SET reason = 'x'`, 'DELETE FROM timesheet_history']) {
          await client.query('BEGIN');
          await client.query('SELECT enter_company($1, NULL)', [company.id]);
          await expect(client.query(`${verb} WHERE "companyId" = $1 AND id = $2`, [company.id, id])).rejects.toMatchObject({
            code: '42501',
          });
          await client.query('ROLLBACK');
        }
      });
    }
  });
});

describe('reading', () => {
  it('shows a row to the person, their lead and holders of the permission, to nobody else', async () => {
    const { id, targetId } = await recordOne({
      reason: 'Because',
      metadata: { source: 'import' },
      diff: { notes: { before: null, after: 'x' } },
    });
    for (const person of [member, lead, reader, company.admin]) {
      const { status, body } = await person.get(`/timesheet-history/${id}`);
      expect(status).toBe(200);
      expect(body).toEqual({
        id,
        userId: member.id,
        targetType: 'Timesheet',
        targetId,
        action: 'created',
        actorUserId: member.id,
        reason: 'Because',
        diff: { notes: { before: null, after: 'x' } },
        metadata: { source: 'import' },
        occurredAt: expect.stringMatching(/Z$/),
        createdAt: body.occurredAt,
        updatedAt: body.occurredAt,
        version: 1,
      });
      expect(ids((await person.get(`/timesheet-history?targetId=${targetId}`)).body)).toEqual([id]);
    }
    const { admin: stranger } = await server.company();
    const key = await company.admin.apiKey([]);
    for (const person of [colleague, stranger, key]) {
      expect((await person.get(`/timesheet-history/${id}`)).status).toBe(404);
      expect((await person.get(`/timesheet-history?targetId=${targetId}`)).body).toEqual({ items: [], nextCursor: null });
      expect((await person.get(`/timesheet-history?userId=${member.id}`)).body.items).toEqual([]);
    }
    expect((await server.anybody.get(`/timesheet-history/${id}`)).status).toBe(401);
  });

  it('shows a lead nothing any more when the team, the membership or the lead is gone', async () => {
    const [person, chief] = [await company.person(), await company.person()];
    const team = await company.team({ leads: [chief], members: [person] });
    const { id } = await recordOne({ userId: person.id });
    const set = (text: string) => server.sql(`UPDATE ${text}`, [team.id]);
    const seen = async () => (await chief.get(`/timesheet-history/${id}`)).status;
    expect(await seen()).toBe(200);
    await set('teams SET "deletedAt" = now() WHERE id = $1');
    expect(await seen()).toBe(404);
    await set('teams SET "deletedAt" = NULL WHERE id = $1');
    await set(`team_members SET "deletedAt" = now() WHERE "teamId" = $1 AND role = 'member'`);
    expect(await seen()).toBe(404);
    await set(`team_members SET "deletedAt" = NULL WHERE "teamId" = $1`);
    await set(`team_members SET role = 'member' WHERE "teamId" = $1`);
    expect(await seen()).toBe(404);
  });

  it('shows a timesheet’s rows to who decides it', async () => {
    const [listed, decider] = await Promise.all([company.person(), company.person({ role: ['approve_timesheet'] })]);
    await company.insert('user_approvers', { userId: member.id, approverId: listed.id });
    const sheet = await company.insert('timesheets', {
      userId: member.id,
      periodStart: '2026-01-05',
      periodEnd: '2026-01-11',
      roundPolicy: 'explicit',
    });
    const { id: actionCodeId } = await company.actionCode();
    const work = {
      userId: member.id,
      timesheetId: sheet,
      actionCodeId,
      country: 'DE',
      timezone: 'UTC',
      durationMin: 60,
      day: '2026-01-05',
    };
    const [taken, gone] = [
      await company.insert('timesheet_entries', work),
      await company.insert('timesheet_entries', { ...work, deletedAt: new Date() }),
    ];
    const whileLoose = (targetId?: string) =>
      recordOne({ targetType: 'TimesheetEntry', metadata: { timesheetId: null }, ...(targetId ? { targetId } : {}) });
    const [own, ofEntry, beforeTaken, ...others] = [
      await recordOne({ targetId: sheet }),
      await recordOne({ targetType: 'TimesheetEntry', metadata: { timesheetId: sheet } }),
      await whileLoose(taken),
      await whileLoose(gone),
      await whileLoose(),
    ];
    const visible = [own, ofEntry, beforeTaken].map(({ id }) => id).toSorted();
    const seen = async (person: Person) =>
      ids((await person.get(`/timesheet-history?userId=${member.id}`)).body)
        .filter((id) => visible.includes(id) || others.some((row) => row.id === id))
        .toSorted();
    expect(await seen(listed)).toEqual(visible);
    expect(await seen(decider)).toEqual([]);
    await server.sql(`UPDATE timesheets SET "roundPolicy" = 'role_manager' WHERE id = $1`, [sheet]);
    expect(await seen(listed)).toEqual([]);
    expect(await seen(decider)).toEqual(visible);
    expect(await seen(colleague)).toEqual([]);
  });

  it('keeps what was done to an action code from the lead of who did it', async () => {
    const { id } = await recordOne({ targetType: 'ActionCode' });
    expect((await member.get(`/timesheet-history/${id}`)).status).toBe(200);
    expect((await reader.get(`/timesheet-history/${id}`)).status).toBe(200);
    expect((await lead.get(`/timesheet-history/${id}`)).status).toBe(404);
  });

  it('shows a line whole each time: what erasure takes from it leaves its version', async () => {
    const person = await company.person();
    const { id } = await recordOne({ userId: person.id, reason: 'For Ada' }, person);
    const before = await reader.get(`/timesheet-history/${id}`);
    await company.admin.post(`/users/${person.id}/anonymize`);
    const after = await reader.get(`/timesheet-history/${id}`, { 'if-none-match': before.headers.etag! });
    expect([before.body.reason, after.status, after.body.reason]).toEqual(['For Ada', 200, null]);
  });

  it('filters, and finds nothing for what is foreign', async () => {
    const { targetId } = await recordOne();
    await recordOne({ targetId, targetType: 'TimesheetEntry', action: 'updated' }, lead);
    const found = async (query: string) => (await reader.get(`/timesheet-history?targetId=${targetId}&${query}`)).body.items.length;
    expect(await found('')).toBe(2);
    expect(await found('targetType=TimesheetEntry')).toBe(1);
    expect(await found('action=created')).toBe(1);
    expect(await found(`actorUserId=${lead.id}`)).toBe(1);
    expect(await found(`userId=${member.id}`)).toBe(2);
    expect(await found(`userId=${(await server.company()).admin.id}`)).toBe(0);
    for (const query of [
      'targetType=User',
      'action=seen',
      'userId=me',
      'from=2026-02-30',
      'to=yesterday',
      'reason=x',
      'from=2026-03-02T08:00:00',
    ]) {
      expect((await reader.get(`/timesheet-history?${query}`)).status).toBe(400);
    }
  });

  it('counts both ends of a range, by the days of the company or by instants', async () => {
    const targetId = randomUUID();
    for (const instant of ['2026-01-31T04:59:59Z', '2026-01-31T05:00:00Z', '2026-02-01T04:59:59Z', '2026-02-01T05:00:00Z']) {
      clock.travelTo(new Date(instant));
      await recordOne({ targetId });
    }
    clock.reset();
    const found = async (query: string) => (await reader.get(`/timesheet-history?targetId=${targetId}&${query}`)).body.items.length;
    expect(await found('from=2026-01-31&to=2026-01-31')).toBe(2); // New York is five hours behind
    expect(await found('to=2026-01-30')).toBe(1);
    expect(await found('from=2026-01-31')).toBe(3);
    expect(await found('from=2026-01-31T05:00:00Z&to=2026-01-31T05:00:05Z')).toBe(1);
    expect(await found('from=2026-02-01T23:00:00%2B18:00')).toBe(1);
    for (const query of [
      'from=2026-02-01&to=2026-01-31',
      'from=2026-01-31T05:00:00Z&to=2026-01-31T04:00:00Z',
      'from=2026-01-31&to=2026-01-31T04:59:59Z',
      'from=2026-02-01T05:00:00Z&to=2026-01-31',
    ]) {
      expect((await reader.get(`/timesheet-history?${query}`)).body.errors).toMatchObject([{ pointer: '/to' }]);
    }
    expect(await found('from=2026-01-31&to=2026-01-31T05:00:05Z')).toBe(1);
  });

  it('goes newest first through pages', async () => {
    const targetId = randomUUID();
    const made: string[] = [];
    for (let n = 0; n < 5; n++) {
      clock.travelTo(new Date(Date.UTC(2026, 5, 1, n)));
      made.unshift((await recordOne({ targetId })).id);
    }
    clock.reset();
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await member.get(`/timesheet-history?targetId=${targetId}&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...ids(body));
      cursor = body.nextCursor ?? '';
    } while (cursor);
    expect(seen).toEqual(made);
    const { body } = await member.get(`/timesheet-history?targetId=${targetId}&limit=2`);
    expect((await member.get(`/timesheet-history?targetId=${randomUUID()}&cursor=${body.nextCursor}`)).status).toBe(400);
  });
});

describe('of one timesheet', () => {
  it('has its entries and approvals, and what was deleted or moved while it was there', async () => {
    const sheet = await company.insert('timesheets', { userId: member.id, periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    const elsewhere = await company.insert('timesheets', { userId: member.id, periodStart: '2026-03-09', periodEnd: '2026-03-15' });
    const { id: actionCodeId } = await company.actionCode();
    const entryIn = (timesheetId: string | null, more: object = {}) =>
      company.insert('timesheet_entries', {
        ...more,
        userId: member.id,
        timesheetId,
        actionCodeId,
        country: 'DE',
        timezone: 'UTC',
        durationMin: 60,
        day: '2026-03-02',
      });
    const movedEntry = (targetId: string, timesheetId: string, change: { before: string | null; after: string }) =>
      recordOne({ targetType: 'TimesheetEntry', targetId, action: 'updated', metadata: { timesheetId }, diff: { timesheetId: change } });
    const [staying, moved, gone] = [await entryIn(sheet), await entryIn(elsewhere), await entryIn(sheet, { deletedAt: new Date() })];
    const expected = [
      await recordOne({ targetId: sheet }),
      await recordOne({ targetType: 'TimesheetEntry', targetId: staying, metadata: { timesheetId: null } }), // made before the sheet took it in
      await recordOne({ targetType: 'TimesheetEntry', targetId: moved, metadata: { timesheetId: sheet } }),
      await movedEntry(moved, elsewhere, { before: sheet, after: elsewhere }),
      await movedEntry(gone, sheet, { before: null, after: sheet }),
      await recordOne({ targetType: 'TimesheetEntry', targetId: gone, action: 'deleted', metadata: { timesheetId: sheet } }),
      await recordOne({ targetType: 'TimesheetApproval', action: 'approved', metadata: { timesheetId: sheet } }, lead),
    ];
    await recordOne({ targetType: 'TimesheetEntry', targetId: moved, action: 'updated', metadata: { timesheetId: elsewhere } });
    await recordOne({ targetType: 'TimesheetEntry', targetId: gone, metadata: { timesheetId: null } }); // made before the sheet took it in
    await recordOne({ targetId: elsewhere });
    const rows = await server.app
      .get(UnitOfWork)
      .within({ companyId: company.id, userId: member.id }, () =>
        server.app.get(HistoryRepository).ofTimesheet({ id: sheet, userId: member.id }, { limit: 50 }),
      );
    expect(ids(rows).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
  });
});

describe('who reads the history of one timesheet', () => {
  it('is its owner, who leads or decides, and holders of read_timesheet_history; who reads the sheet alone is told so', async () => {
    const { body: sheet } = await member.post('/timesheets', { periodStart: '2026-05-04', periodEnd: '2026-05-10' });
    const path = `/timesheets/${sheet.id}`;
    const decider = await company.person({ role: ['approve_timesheet'] });
    const onlySheets = await company.person({ role: ['read_timesheet'] });
    const seen = async (person: Client, more = '') => {
      const { status, body } = await person.get(`${path}${more}`);
      return body.code ?? status;
    };
    for (const person of [member, lead, decider, company.admin])
      expect([await seen(person), await seen(person, '/history')]).toEqual([200, 200]);
    expect([await seen(onlySheets), await seen(onlySheets, '/history')]).toEqual([200, 'forbidden']);
    expect([await seen(reader), await seen(reader, '/history')]).toEqual(['not_found', 200]);
    const { admin: stranger } = await server.company();
    for (const person of [colleague, stranger, await lead.apiKey([])])
      expect([await seen(person), await seen(person, '/history')]).toEqual(['not_found', 'not_found']);
    const then = `?asOf=${new Date(Date.now() + 1000).toISOString()}`;
    expect([await seen(onlySheets, then), await seen(reader, then)]).toEqual([200, 'not_found']);
  });
});

describe('the access log', () => {
  const seen = new Set<string>();

  /** What a reader's requests have left since the last look. */
  async function noted(actor: Person): Promise<{ targetType: string; targetId: string | null; userId: string }[]> {
    await server.app.get(Accesses).flush();
    const rows = await server.sql<{ id: string; targetType: string; targetId: string | null; userId: string }>(
      `SELECT id, "targetType", "targetId", "userId" FROM access_logs WHERE "actorUserId" = $1 AND action = 'history_read' ORDER BY "userId"`,
      [actor.id],
    );
    const fresh = rows.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    return fresh.map(({ id: _, ...row }) => row);
  }

  it('notes each other person once a page, oneself never', async () => {
    const other = await company.person();
    await recordOne();
    await recordOne();
    await recordOne({ userId: other.id });
    await recordOne({ userId: reader.id });
    await Promise.all([reader, member, company.admin].map(noted)); // of the specs before
    const two = [member.id, other.id].toSorted();
    const { body } = await reader.get('/timesheet-history?limit=4');
    expect(new Set(body.items.map(({ userId }: { userId: string }) => userId)).size).toBe(3);
    expect(await noted(reader)).toEqual(two.map((userId) => ({ targetType: 'TimesheetHistory', targetId: null, userId })));
    await member.get('/timesheet-history?limit=4');
    expect(await noted(member)).toEqual([]);
    await company.admin.get(`/timesheet-history?userId=${randomUUID()}`);
    expect(await noted(company.admin)).toEqual([]);
  });

  it('notes a line, the history of a timesheet, and a timesheet as it stood', async () => {
    const { id } = await recordOne();
    await Promise.all([reader, member, lead, colleague].map(noted));
    await reader.get(`/timesheet-history/${id}`);
    expect(await noted(reader)).toEqual([{ targetType: 'TimesheetHistory', targetId: id, userId: member.id }]);
    expect((await colleague.get(`/timesheet-history/${id}`)).status).toBe(404);
    expect(await noted(colleague)).toEqual([]);

    const { body: sheet } = await member.post('/timesheets', { periodStart: '2026-04-06', periodEnd: '2026-04-12' });
    const path = `/timesheets/${sheet.id}`;
    await lead.get(path);
    expect(await noted(lead)).toEqual([]);
    const now = new Date(Date.now() + 1000).toISOString();
    for (const read of [`${path}/history`, `${path}?asOf=${now}`, `${path}/entries?asOf=${now}`]) {
      expect((await lead.get(read)).status).toBe(200);
      expect([read, await noted(lead)]).toEqual([read, [{ targetType: 'Timesheet', targetId: sheet.id, userId: member.id }]]);
      expect((await member.get(read)).status).toBe(200);
    }
    expect(await noted(member)).toEqual([]);
    for (const refused of [`${path}/history?cursor=abc`, `${path}/entries?asOf=${now}&cursor=abc`])
      expect([refused, (await lead.get(refused)).status, await noted(lead)]).toEqual([refused, 400, []]);
  });
});
