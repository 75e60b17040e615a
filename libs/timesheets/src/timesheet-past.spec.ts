import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import type { Answer } from '../../../test/client.js';
import type { Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

let server: TestServer;
let steps = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  clock.reset();
  await server?.stop();
});

/** What is told of approvals at every instant alike, and in which order. */
const known = (list: unknown) =>
  (list as Record<string, unknown>[]).map(({ id, approverId, status, reason, digest }) => ({ id, approverId, status, reason, digest }));

const plain = (list: unknown[]) => (list as Record<string, unknown>[]).map(({ updatedAt: _, ...rest }) => rest);

/** Does one thing, and sets the clock back by two seconds. */
async function behind(work: () => Promise<Answer>) {
  const { status, body } = await work();
  if (status >= 300) throw new Error(body.detail);
  clock.travelTo(new Date(clock.now().getTime() - 2000));
  return body;
}

describe('a timesheet as it stood', () => {
  it('is told at every instant as it was answered then, and its entries with it', async () => {
    const company = await server.company();
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const { id: actionCodeId } = await company.actionCode();
    const minutes = (day: string, durationMin: number) => ({ day, durationMin, actionCodeId, country: 'DE' });
    const begun = Date.now();
    const answers: { at: string; sheet: Record<string, unknown>; entries: unknown[] }[] = [];

    await person.post('/timesheet-entries', minutes('2026-03-02', 10));
    const { body: made } = await person.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    const path = `/timesheets/${made.id}`;
    /** Does one thing, notes what is then answered, and lets twenty seconds pass: the token lives for ten minutes. */
    const step = async (work: () => Promise<{ status: number; body: { detail?: string } }>) => {
      const { status, body } = await work();
      if (status >= 300) throw new Error(body.detail);
      const [sheet, entries] = [await person.get(path), await person.get(`${path}/entries`)];
      clock.travelTo(new Date(begun + ++steps * 20_000));
      answers.push({ at: new Date(begun + steps * 20_000 - 5_000).toISOString(), sheet: sheet.body, entries: entries.body.items });
    };
    const entry = async (work: object) => {
      const { body } = await person.post('/timesheet-entries', work);
      return `/timesheet-entries/${body.id}`;
    };

    await step(() => person.patch(path, { notes: 'First' }));
    let moved = '';
    let deleted = '';
    await step(async () => ({ status: 200, body: { detail: (moved = await entry(minutes('2026-03-03', 20))) } }));
    await step(async () => ({ status: 200, body: { detail: (deleted = await entry(minutes('2026-03-04', 30))) } }));
    await step(() => person.patch(moved, { durationMin: 25, note: 'changed' }));
    await step(() => person.patch(moved, { day: '2026-03-20' }));
    await step(() => person.patch(moved, { note: 'changed while it was elsewhere' }));
    await step(() => person.delete(deleted));
    await step(() => person.post(`${path}/submit`));
    await step(() => lead.post(`${path}/reject`, { reason: 'No' }));
    await step(() => person.patch(path, { notes: 'Second', periodEnd: '2026-03-07' }));
    await step(() => person.post(`${path}/submit`));
    await step(() => lead.post(`${path}/approve`, { reason: 'Yes' }));
    await step(() => lead.post(`${path}/reopen`, { reason: 'Once more' }));

    for (const { at, sheet, entries } of answers) {
      const then = await person.get(`${path}?asOf=${at}`);
      expect(then.status).toBe(200);
      const { updatedAt, approvals, ...fields } = sheet;
      expect(then.body).toMatchObject({ ...fields, allowedActions: [] });
      expect(then.headers.etag).toBe(`"${String(fields.version)}"`);
      expect(Math.abs(Date.parse(then.body.updatedAt) - Date.parse(updatedAt as string))).toBeLessThan(2000);
      expect(known(then.body.approvals)).toEqual(known(approvals));
      const past = await person.get(`${path}/entries?asOf=${at}`);
      expect(plain(past.body.items)).toEqual(plain(entries));
    }
    const early = new Date(Date.parse(made.createdAt) - 1).toISOString();
    expect((await person.get(`${path}?asOf=${early}`)).status).toBe(404);
    expect((await person.get(`${path}/entries?asOf=${early}`)).status).toBe(404);
    expect((await person.get(`${path}?asOf=2026-03-02`)).status).toBe(400);
    expect((await (await company.person()).get(`${path}?asOf=${new Date().toISOString()}`)).status).toBe(404);

    const whole = answers[2]!;
    const pages: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await person.get(`${path}/entries?limit=1&asOf=${whole.at}${cursor && `&cursor=${cursor}`}`);
      pages.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(pages).toHaveLength(3);
    expect(pages).toMatchObject(whole.entries.map((one) => ({ id: (one as { id: string }).id })));
  });

  it('also where each change was made by a clock behind that of the one before', async () => {
    clock.travelTo(new Date(Date.now() + 120_000));
    const company = await server.company();
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const { id: actionCodeId } = await company.actionCode();
    const minutes = (day: string, durationMin: number) => ({ day, durationMin, actionCodeId, country: 'DE' });
    const answers: { sheet: Record<string, unknown>; entries: unknown[] }[] = [];
    const noteEach = async (path: string, ...works: (() => Promise<Answer>)[]) => {
      for (const work of works) {
        await behind(work);
        const [sheet, entries] = [await person.get(path), await person.get(`${path}/entries`)];
        answers.push({ sheet: sheet.body, entries: entries.body.items });
      }
    };

    const entry = `/timesheet-entries/${(await behind(() => person.post('/timesheet-entries', minutes('2026-03-02', 60)))).id}`;
    await behind(() => person.patch(entry, { durationMin: 90 }));
    const first = await behind(() => person.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-04' }));
    const second = await behind(() => person.post('/timesheets', { periodStart: '2026-03-09', periodEnd: '2026-03-11' }));
    const loose = `/timesheet-entries/${(await behind(() => person.post('/timesheet-entries', minutes('2026-03-05', 20)))).id}`;
    const path = `/timesheets/${first.id}`;
    await noteEach(
      path,
      () => person.patch(entry, { durationMin: 100 }),
      () => person.patch(entry, { durationMin: 200 }),
      () => person.post('/timesheet-entries', minutes('2026-03-03', 30)),
      () => person.post('/timesheet-entries/batch', { entries: [minutes('2026-03-03', 40), minutes('2026-03-09', 50)] }),
      () => person.patch(path, { notes: 'with one more', periodEnd: '2026-03-05' }),
      () => person.patch(entry, { day: '2026-03-10' }),
      () => person.patch(entry, { day: '2026-03-04' }),
      () => person.delete(loose),
      () => person.post(`${path}/submit`),
      () => lead.post(`${path}/reject`, { reason: 'No' }),
      () => person.post(`${path}/reopen`, { reason: 'Yes' }),
      () => person.post(`${path}/submit`),
      () => person.post(`${path}/withdraw`),
      () => person.post(`${path}/submit`),
      () => lead.post(`${path}/approve`, {}),
      () => lead.post(`${path}/reopen`, { reason: 'Once more' }),
    );
    const instants = answers.map(({ sheet }) => Date.parse(String(sheet.updatedAt)));
    expect(instants).toEqual([...new Set(instants)].toSorted((a, b) => a - b));
    for (const { sheet, entries } of answers) {
      const { updatedAt, approvals, allowedActions: _, ...fields } = sheet;
      const then = (await person.get(`${path}?asOf=${String(updatedAt)}`)).body;
      expect(then).toMatchObject({ ...fields, updatedAt });
      expect(known(then.approvals)).toEqual(known(approvals));
      expect((await person.get(`${path}/entries?asOf=${String(updatedAt)}`)).body.items).toEqual(entries);
    }
    const { body: past } = await person.get(`${path}/history?limit=200`);
    const moves = past.items.filter(({ targetType }: { targetType: string }) => targetType === 'Timesheet');
    expect(moves.map(({ action }: { action: string }) => action).toReversed()).toEqual(
      'created updated submitted rejected reopened submitted withdrawn submitted approved reopened'.split(' '),
    );

    await behind(() => person.delete(path));
    await behind(() => person.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-04' }));
    const { body: lines } = await company.admin.get(`/timesheet-history?targetId=${entry.split('/').at(-1)}`);
    const after = (field: string) =>
      (lines.items as { diff: Record<string, { after: unknown }> }[]).flatMap(({ diff }) => diff[field]?.after ?? []).toReversed();
    expect(after('durationMin')).toEqual([60, 90, 100, 200]);
    expect(after('day')).toEqual(['2026-03-02', '2026-03-10', '2026-03-04']);
    expect(after('timesheetId').slice(0, 3)).toEqual([first.id, second.id, first.id]);
  });

  it('with its approvals in the order of then: what was decided by its time, behind it what waited', async () => {
    clock.reset();
    const company = await server.company();
    const approvers = await Promise.all(Array.from({ length: 6 }, () => company.person()));
    const [person, [first, second, ...others]] = [await company.person(), approvers];
    await company.admin.patch('/company/settings', { timesheetApproverPolicy: 'explicit' });
    await company.admin.put(`/users/${person.id}/approvers`, { approverIds: approvers.map(({ id }) => id) });
    const { body: made } = await person.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    const { id: actionCodeId } = await company.actionCode();
    await person.post('/timesheet-entries', { day: '2026-03-02', durationMin: 60, actionCodeId, country: 'DE' });
    const path = `/timesheets/${made.id}`;
    const approve = (by: Person) => by.post(`${path}/approve`, {});
    const answers: { updatedAt: string; approvals: unknown[] }[] = [];
    for (const work of [
      () => person.post(`${path}/submit`),
      () => approve(second!),
      () => person.post(`${path}/withdraw`),
      () => person.post(`${path}/submit`),
      () => approve(second!),
      () => approve(first!),
      ...others.map(
        ({ id }) =>
          () =>
            company.admin.post(`/users/${id}/status`, { code: 'SUSPENDED' }),
      ),
      () => approve(second!), // again, as nobody else is left
    ]) {
      expect((await work()).status).toBe(200);
      answers.push((await person.get(path)).body);
    }
    expect(answers.at(-1)!.approvals).toHaveLength(3);
    for (const { updatedAt, approvals } of answers)
      expect(known((await person.get(`${path}?asOf=${updatedAt}`)).body.approvals)).toEqual(known(approvals));
  });

  it('never with an update of later, also where an erasure has moved its version since', async () => {
    clock.reset();
    const company = await server.company();
    const person = await company.person();
    const { id: actionCodeId } = await company.actionCode();
    const { body: made } = await person.post('/timesheets', { periodStart: '2026-03-02', periodEnd: '2026-03-08', notes: 'Mine' });
    const entry = { day: '2026-03-02', durationMin: 10, actionCodeId, country: 'DE', note: 'Mine too' };
    expect((await person.post('/timesheet-entries', entry)).status).toBe(201);
    const path = `/timesheets/${made.id}`;
    const [sheet, { body: entries }] = [await person.get(path), await person.get(`${path}/entries`)];
    const [begun, asOf] = [Date.now(), new Date(Date.now() + 10_000).toISOString()];
    clock.travelTo(new Date(begun + 20_000));
    expect((await company.admin.post(`/users/${person.id}/anonymize`)).status).toBe(200);
    const now = (await company.admin.get(path)).body;
    expect(Date.parse(now.updatedAt)).toBeGreaterThan(Date.parse(asOf));
    const [past, pastEntries] = [await company.admin.get(`${path}?asOf=${asOf}`), await company.admin.get(`${path}/entries?asOf=${asOf}`)];
    expect([past.body.updatedAt, pastEntries.body.items.map(({ updatedAt }: { updatedAt: string }) => updatedAt)]).toEqual([
      sheet.body.updatedAt,
      entries.items.map(({ updatedAt }: { updatedAt: string }) => updatedAt),
    ]);
  });

  it('with the leave that was approved then, also where it was cancelled since', async () => {
    clock.reset();
    const company = await server.company();
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const { body: made } = await person.post('/timesheets', { periodStart: '2035-03-05', periodEnd: '2035-03-11' });
    const ask = async (day: string) =>
      `/leave-requests/${(await person.post('/leave-requests', { startDate: day, endDate: day, leaveType: 'PTO' })).body.id}`;
    const [kept, cancelled, neverApproved] = [await ask('2035-03-05'), await ask('2035-03-06'), await ask('2035-03-07')];
    const begun = Date.now();
    /** What is told of an instant between what happened before it and what happens after it. */
    const at = (step: number) => new Date(begun + step * 20_000 - 10_000).toISOString();
    const happen = async (step: number, ...moves: [Person, string][]) => {
      clock.travelTo(new Date(begun + step * 20_000));
      for (const [who, move] of moves) expect((await who.post(move, {})).status).toBe(200);
    };
    await happen(1, [lead, `${kept}/approve`]);
    await happen(2, [lead, `${cancelled}/approve`]);
    await happen(3, [person, `${cancelled}/cancel`], [person, `${neverApproved}/cancel`]);
    const days = async (asOf: string) =>
      (await person.get(`/timesheets/${made.id}${asOf}`)).body.leaveDays.map(({ day }: { day: string }) => day);
    expect(await days('')).toEqual(['2035-03-05']);
    const past = [await days(`?asOf=${at(1)}`), await days(`?asOf=${at(2)}`), await days(`?asOf=${at(3)}`), await days(`?asOf=${at(4)}`)];
    expect(past).toEqual([[], ['2035-03-05'], ['2035-03-05', '2035-03-06'], ['2035-03-05']]);
  });

  it('with the leave that was approved then, also where the clock was set back before it was cancelled', async () => {
    clock.reset();
    const company = await server.company();
    const person = await company.person();
    const { body: made } = await person.post('/timesheets', { periodStart: '2035-03-05', periodEnd: '2035-03-11' });
    const { body: asked } = await person.post('/leave-requests', { startDate: '2035-03-05', endDate: '2035-03-05', leaveType: 'PTO' });
    const begun = Date.now();
    clock.travelTo(new Date(begun + 20_000));
    const { body: approved } = await company.admin.post(`/leave-requests/${asked.id}/approve`, {});
    clock.travelTo(new Date(begun + 10_000));
    const { body: cancelled } = await person.post(`/leave-requests/${asked.id}/cancel`, {});
    const daysAt = async (asOf: string) =>
      (await person.get(`/timesheets/${made.id}?asOf=${asOf}`)).body.leaveDays.map(({ day }: { day: string }) => day);
    expect([await daysAt(approved.decidedAt), await daysAt(cancelled.decidedAt)]).toEqual([['2035-03-05'], []]);
  });
});
