import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApprovalWorld } from '../../../../test/approval-world.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let world: ApprovalWorld;
let company: Company;

beforeAll(async () => {
  server = await startTestServer();
  world = await ApprovalWorld.begin(server);
  ({ company } = world);
});
afterAll(() => server?.stop());

describe('the list of approvals', () => {
  it('gives the newest period first, page by page', async () => {
    const [person, lead] = [await company.person(), await company.person()];
    await company.team({ leads: [lead], members: [person] });
    const { id: actionCodeId } = await company.actionCode();
    const ids: string[] = [];
    for (const month of ['02', '04', '03']) {
      const { body } = await person.post('/timesheets', { periodStart: `2026-${month}-01`, periodEnd: `2026-${month}-07` });
      await person.post('/timesheet-entries', { day: `2026-${month}-02`, durationMin: 60, actionCodeId, country: 'DE' });
      await person.post(`/timesheets/${body.id}/submit`);
      ids.push(body.id);
    }
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await lead.get(`/timesheet-approvals?limit=1${cursor && `&cursor=${cursor}`}`);
      found.push(...body.items.map(({ timesheetId }: { timesheetId: string }) => timesheetId));
      cursor = body.nextCursor;
    }
    expect(found).toEqual([ids[1], ids[2], ids[0]]);
    expect((await lead.get('/timesheet-approvals')).body.items[0]).not.toHaveProperty('periodStart');
  });

  it('shows those of readable timesheets only', async () => {
    const { lead, person, path, id } = await world.submitted();
    const of = async (who: Person, query: string) =>
      (await who.get(`/timesheet-approvals?limit=200&${query}`)).body.items.filter(
        (item: { timesheetId: string }) => item.timesheetId === id,
      );
    expect(await of(person, 'status=PENDING')).not.toEqual([]);
    expect(await of(await company.person(), 'status=PENDING')).toEqual([]);
    expect(await of((await server.company()).admin, 'status=PENDING')).toEqual([]);
    expect(await of(person, `approverId=${lead.id}`)).toHaveLength(1);
    expect((await lead.get('/timesheet-approvals?status=NEW')).status).toBe(400);
    await person.post(`${path}/withdraw`);
    expect(await of(person, 'status=PENDING')).toEqual([]);
  });
});
