import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses } from '#core';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

/** Nobody but who may read the request ever learns these. */
const KINDS = /SICK|UNPAID|PTO/;
const CANARY = /CANARY/;

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer({ LOG_LEVEL: 'trace' });
  company = await server.company();
});
afterAll(() => server?.stop());

/** Everything that can happen to leave requests, each with words that must not get out. @returns who asked */
async function allThatCanHappen(): Promise<{ person: Person; lead: Person }> {
  const [person, lead] = await Promise.all([company.person(), company.person()]);
  await company.team({ leads: [lead], members: [person] });
  const make = async (leave: object) => {
    const answer = await person.post('/leave-requests', { endDate: '2030-03-04', reason: 'CANARY made', ...leave });
    expect(answer.status).toBe(201);
    return `/leave-requests/${answer.body.id}`;
  };
  const statuses: number[] = [];
  const did = ({ status }: { status: number }) => statuses.push(status);

  const changed = await make({ startDate: '2030-03-04', leaveType: 'PTO' });
  did(await person.patch(changed, { leaveType: 'SICK', reason: 'CANARY changed', startDate: '2030-03-01' }));
  did(
    await person.post('/leave-requests', { startDate: '2030-03-01', endDate: '2030-03-01', leaveType: 'SICK', reason: 'CANARY overlaps' }),
  );
  did(
    await person.post('/leave-requests?dryRun=true', {
      startDate: '2030-03-01',
      endDate: '2030-03-01',
      leaveType: 'SICK',
      reason: 'CANARY',
    }),
  );
  did(await person.patch(changed, { leaveType: 'CANARY' }));
  did(await lead.post(`${changed}/approve`, { reason: 'CANARY approved' }));
  did(await person.post(`${changed}/cancel`, { reason: 'CANARY cancelled' }));
  did(await lead.post(`${await make({ startDate: '2030-03-04', leaveType: 'UNPAID' })}/reject`, { rejectionReason: 'CANARY rejected' }));
  did(await person.delete(await make({ startDate: '2030-03-04', leaveType: 'UNPAID' })));
  did(await person.get('/leave-requests?leaveType=SICK'));
  did(await lead.get(changed));
  expect(statuses).toEqual([200, 409, 200, 400, 200, 200, 200, 204, 200, 200]);
  await server.app.get(Accesses).flush();
  return { person, lead };
}

const rowsOf = async (table: string, userId: string) =>
  (await server.sql<{ row: string }>(`SELECT to_jsonb(x)::text AS row FROM ${table} x WHERE "userId" = $1`, [userId])).map(
    ({ row }) => row,
  );

function mails(): string {
  const folder = join(server.config.dataDir, 'mail');
  return existsSync(folder)
    ? readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join('')
    : '';
}

describe('kind and reason of a leave', () => {
  it('stand in no log and no mail', async () => {
    const { person, lead } = await allThatCanHappen();
    const audit = await rowsOf('audit_logs', person.id);
    const told = audit.map((row) => JSON.parse(row) as { action: string; actorUserId: string; after: Record<string, unknown> | null });
    expect(
      told
        .filter(({ action }) => action.startsWith('leave_'))
        .map(({ action }) => action)
        .toSorted(),
    ).toEqual([
      'leave_request_approved',
      'leave_request_cancelled',
      'leave_request_created',
      'leave_request_created',
      'leave_request_created',
      'leave_request_deleted',
      'leave_request_rejected',
      'leave_request_updated',
    ]);
    const updated = told.find(({ action }) => action === 'leave_request_updated')!;
    expect(updated.after).toEqual({ leaveType: 'changed', reason: 'changed', startDate: 'changed' });
    const access = await rowsOf('access_logs', person.id);
    expect(access.filter((row) => row.includes('leave_read') && row.includes(lead.id))).toHaveLength(3);
    for (const text of [...audit, ...access, JSON.stringify(server.log), mails()]) {
      expect(text).not.toMatch(CANARY);
      expect(text).not.toMatch(KINDS);
    }
    const queued = await server.sql<{ row: string }>('SELECT to_jsonb(m)::text AS row FROM queued_mails m WHERE "companyId" = $1', [
      company.id,
    ]);
    expect(queued).toEqual([]);
  });

  it('are told to who may read it, and to nobody else', async () => {
    const [person, lead] = await Promise.all([company.person(), company.person()]);
    await company.team({ leads: [lead], members: [person] });
    const colleague = await company.person();
    const leave = { startDate: '2030-07-01', endDate: '2030-07-05', leaveType: 'SICK', reason: 'CANARY' };
    const { body } = await person.post('/leave-requests', leave);
    await lead.post(`/leave-requests/${body.id}/approve`, {});
    const { admin: stranger } = await server.company();
    const views: [Person, boolean, boolean][] = [
      [person, true, true],
      [lead, true, true],
      [await company.person({ role: 'Manager' }), true, true],
      [colleague, false, true],
      [stranger, false, false],
    ];
    for (const [reader, sees, seesAbsence] of views) {
      const answers = await Promise.all(
        [`/leave-requests/${body.id}`, `/leave-requests?userId=${person.id}`, '/absences?from=2030-07-01&to=2030-07-31'].map((path) =>
          reader.get(path),
        ),
      );
      const [one, list, absences] = answers.map((answer) => JSON.stringify(answer.body)) as [string, string, string];
      expect([one, list].map((text) => text.includes('SICK') && text.includes('CANARY'))).toEqual([sees, sees]);
      expect(absences.includes(person.id)).toBe(seesAbsence);
      expect(absences).not.toMatch(/SICK|CANARY/);
    }
  });
});
