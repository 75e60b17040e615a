import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { clock } from '#core';
import { pointers, statuses, twenty } from '../../../test/answer.js';
import type { Company, Person } from '../../../test/factories.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;
let employee: Person;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company({ name: 'Analytical Engines' });
  admin = company.admin;
  employee = await company.person();
});
afterEach(() => clock.reset());
afterAll(() => server.stop());

const owner = async () => (await admin.get('/company')).body.ownerUserId;
const lastAudit = async () =>
  (
    await server.sql(
      'SELECT action, "targetType", "targetId", "actorUserId", before, after FROM audit_logs WHERE "companyId" = $1 ORDER BY "occurredAt" DESC LIMIT 1',
      [company.id],
    )
  )[0];

describe('the company', () => {
  it('is open to everybody in it, and to nobody else', async () => {
    const { status, body, headers } = await employee.get('/company');
    expect(status).toBe(200);
    expect(body).toEqual({
      id: company.id,
      name: 'Analytical Engines',
      timezone: 'Europe/Berlin',
      ownerUserId: admin.id,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      version: 1,
    });
    expect(headers.etag).toBe('"1"');
    expect((await employee.get('/company', { 'if-none-match': '"1"' })).status).toBe(304);
    expect((await (await employee.apiKey([])).get('/company')).status).toBe(200);
    expect((await (await server.company()).admin.get('/company')).body.id).not.toBe(company.id);
    expect((await server.anybody.get('/company')).status).toBe(401);
    expect((await employee.get('/company?x=1')).status).toBe(400);
  });

  it('is changed with update_company only', async () => {
    const settler = await company.person({ role: ['update_company_settings'] });
    for (const client of [employee, settler, await admin.apiKey(['read_user'])]) {
      expect((await client.patch('/company', { name: 'Mine' })).status).toBe(403);
    }
    expect((await (await admin.apiKey(['update_company'])).patch('/company', {})).status).toBe(200);
    const bad = await admin.patch('/company', { name: ' ', timezone: '+01:00', ownerUserId: 'me', version: 3 });
    expect(pointers(bad)).toEqual(['/name', '/ownerUserId', '/timezone', '/version']);
    expect(pointers(await admin.patch('/company', { name: null, timezone: null, ownerUserId: null }))).toEqual([
      '/name',
      '/ownerUserId',
      '/timezone',
    ]);
  });

  it('is renamed unless another one has the name', async () => {
    const other = await server.company();
    const before = (await admin.get('/company')).body;
    const taken = await admin.patch('/company', { name: other.name });
    expect([taken.status, taken.body.code]).toEqual([409, 'company_name_taken']);
    const renamed = await admin.patch('/company', { name: 'Difference Engines' });
    expect([renamed.status, renamed.body.name, renamed.headers.etag]).toEqual([200, 'Difference Engines', `"${before.version + 1}"`]);
    expect((await admin.get('/company')).body).toEqual(renamed.body);
    expect(await lastAudit()).toEqual({
      action: 'company_updated',
      targetType: 'Company',
      targetId: company.id,
      actorUserId: admin.id,
      before: { name: 'Analytical Engines' },
      after: { name: 'Difference Engines' },
    });
    expect((await admin.patch('/company', { name: 'Difference Engines' })).body.version).toBe(before.version + 1);
  });

  it('answers 412 to who saw another version, and lets one of twenty win', async () => {
    const { version } = (await admin.get('/company')).body;
    const stale = await admin.patch('/company', { name: 'Stale' }, { 'if-match': '"999"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    const answers = await twenty((index) => admin.patch('/company', { name: `Engines ${index}` }, { 'if-match': `"${version}"` }));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
  });

  it('can be added to while it is being changed', async () => {
    const [made, changed] = await server.database.as('superuser', async (other) => {
      await other.query('BEGIN');
      await other.query('SELECT 1 FROM company_settings WHERE "companyId" = $1 FOR UPDATE', [company.id]);
      const changing = admin.patch('/company', { name: 'Engines meanwhile' });
      await server.untilSomebodyWaits();
      const team = await admin.post('/teams', { name: 'Meanwhile' });
      await other.query('COMMIT');
      return [team, await changing];
    });
    expect([made.status, changed.status]).toEqual([201, 200]);
  });

  it('shows the one time zone in both places, and both versions move with it', async () => {
    const [wasCompany, wasSettings] = [(await admin.get('/company')).body, (await admin.get('/company/settings')).body];
    expect((await admin.patch('/company', { timezone: 'America/New_York' })).body).toMatchObject({
      timezone: 'America/New_York',
      version: wasCompany.version + 1,
    });
    expect((await admin.get('/company/settings')).body).toMatchObject({ timezone: 'America/New_York', version: wasSettings.version + 1 });
    await admin.patch('/company/settings', { timezone: 'Asia/Tokyo' });
    expect((await admin.get('/company')).body).toMatchObject({ timezone: 'Asia/Tokyo', version: wasCompany.version + 2 });
    expect((await admin.get('/company/settings')).body).toMatchObject({ timezone: 'Asia/Tokyo', version: wasSettings.version + 2 });
    const answers = await twenty((index) =>
      admin.patch(index % 2 ? '/company' : '/company/settings', { timezone: index % 3 ? 'Europe/Paris' : 'Europe/Berlin' }),
    );
    expect(statuses(answers)).toEqual(Array(20).fill(200));
    const rows = await server.sql<{ same: boolean }>(
      'SELECT c.timezone = s.timezone AS same FROM companies c JOIN company_settings s ON s."companyId" = c.id WHERE c.id = $1',
      [company.id],
    );
    expect(rows).toEqual([{ same: true }]);
  });

  it('moves one version only where the time zone is named as it is', async () => {
    const { admin: one } = await server.company({ timezone: 'Europe/Berlin' });
    const versions = async () => [(await one.get('/company')).body.version, (await one.get('/company/settings')).body.version];
    await one.patch('/company', { name: `Renamed ${one.companyId}`, timezone: 'Europe/Berlin' });
    expect(await versions()).toEqual([2, 1]);
    await one.patch('/company/settings', { holidayCalendar: 'FR', timezone: 'Europe/Berlin' });
    expect(await versions()).toEqual([2, 2]);
  });
});

describe('the owner', () => {
  it('is another Admin, named by who may', async () => {
    const second = await company.person({ role: 'Admin' });
    const { version } = (await admin.get('/company')).body;
    const named = await admin.patch('/company', { ownerUserId: second.id.toUpperCase() });
    expect([named.status, named.body.ownerUserId, named.body.version]).toEqual([200, second.id, version + 1]);
    for (const { id } of [admin, second])
      expect(await server.audits(id, 'company_updated')).toEqual([
        { actorUserId: admin.id, before: { ownerUserId: admin.id }, after: { ownerUserId: second.id } },
      ]);
    expect((await admin.patch('/company', { ownerUserId: second.id })).body.version).toBe(version + 1);
    await admin.patch('/company', { ownerUserId: admin.id });
  });

  it('is nobody unknown, foreign or deleted', async () => {
    const deleted = await company.person({ role: 'Admin' });
    await server.sql('UPDATE users SET "deletedAt" = now() WHERE id = $1', [deleted.id]);
    for (const ownerUserId of [randomUUID(), (await server.company()).admin.id, deleted.id]) {
      const { status, body } = await admin.patch('/company', { ownerUserId, name: 'Never' }, { 'if-match': '"999"' });
      expect([status, body.code, pointers({ body })]).toEqual([400, 'unknown_reference', ['/ownerUserId']]);
    }
    expect(await owner()).toBe(admin.id);
    expect((await admin.get('/company')).body.name).not.toBe('Never');
  });

  it('is nobody who is no Admin, or may not sign in', async () => {
    const people = [
      await company.person({ role: 'Manager' }),
      await company.person({ role: ['update_company'] }),
      await company.person({ role: 'Admin', status: 'SUSPENDED' }),
      await company.person({ role: 'Admin', status: 'INVITED' }),
    ];
    for (const { id } of people) {
      const { status, body } = await admin.patch('/company', { ownerUserId: id });
      expect([status, body.code, pointers({ body })]).toEqual([400, 'validation_failed', ['/ownerUserId']]);
    }
    expect(await owner()).toBe(admin.id);
  });

  it('is an active Admin also when they are suspended at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const second = await company.person({ role: 'Admin' });
      await Promise.all([
        admin.patch('/company', { ownerUserId: second.id }),
        admin.post(`/users/${second.id}/status`, { code: 'SUSPENDED' }),
      ]);
      expect(await owner()).toBe(admin.id);
    }
  });
});

describe('the settings', () => {
  it('begin with Monday to Friday, and are open to everybody', async () => {
    const other = await server.company({ timezone: 'Europe/Paris' });
    const { status, body, headers } = await (await other.person()).get('/company/settings');
    expect(status).toBe(200);
    const day = [9, 17];
    expect(body).toEqual({
      timezone: 'Europe/Paris',
      workWeek: { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day },
      holidayCalendar: null,
      timesheetApproverPolicy: 'manager_of_user',
      allowedEmailDomains: null,
      requireCompanyEmail: false,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      version: 1,
    });
    expect(Object.keys(body.workWeek)).toEqual(['monday', 'tuesday', 'wednesday', 'thursday', 'friday']);
    expect(headers.etag).toBe('"1"');
  });

  it('are changed with update_company_settings only', async () => {
    const renamer = await company.person({ role: ['update_company'] });
    for (const client of [employee, renamer, await admin.apiKey(['update_company'])]) {
      expect((await client.patch('/company/settings', { requireCompanyEmail: true })).status).toBe(403);
    }
    expect((await (await admin.apiKey(['update_company_settings'])).patch('/company/settings', {})).status).toBe(200);
  });

  it('take each field, and tell the audit log what changed', async () => {
    const before = (await admin.get('/company/settings')).body;
    const change = {
      workWeek: { sunday: [0, 24], monday: [8.5, 17.25] },
      holidayCalendar: 'DE-BY',
      timesheetApproverPolicy: 'explicit',
      allowedEmailDomains: ['example.com', 'example.org'],
      requireCompanyEmail: true,
    };
    const { status, body, headers } = await admin.patch('/company/settings', change);
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, ...change, updatedAt: expect.any(String), version: before.version + 1 });
    expect(headers.etag).toBe(`"${before.version + 1}"`);
    expect((await employee.get('/company/settings')).body).toEqual(body);
    expect(await lastAudit()).toMatchObject({
      action: 'company_settings_updated',
      targetType: 'CompanySettings',
      targetId: company.id,
      before: { holidayCalendar: null, timesheetApproverPolicy: 'manager_of_user', requireCompanyEmail: false },
      after: change,
    });
    const again = await admin.patch('/company/settings', { ...change, workWeek: { monday: [8.5, 17.25], sunday: [0, 24] } });
    expect(again.body.version).toBe(before.version + 1);
    const cleared = await admin.patch('/company/settings', { holidayCalendar: null, allowedEmailDomains: null, workWeek: {} });
    expect(cleared.body).toMatchObject({
      holidayCalendar: null,
      allowedEmailDomains: null,
      workWeek: {},
      timesheetApproverPolicy: 'explicit',
    });
  });

  it.each([
    [{ workWeek: { funday: [9, 17] } }, '/workWeek/funday'],
    [{ workWeek: { Monday: [9, 17] } }, '/workWeek/Monday'],
    [{ workWeek: { monday: [17, 9] } }, '/workWeek/monday'],
    [{ workWeek: { monday: [9, 9] } }, '/workWeek/monday'],
    [{ workWeek: { monday: [-1, 9] } }, '/workWeek/monday'],
    [{ workWeek: { monday: [9, 24.5] } }, '/workWeek/monday'],
    [{ workWeek: { monday: [9] } }, '/workWeek/monday'],
    [{ workWeek: { monday: [9, 12, 17] } }, '/workWeek/monday'],
    [{ workWeek: { monday: ['9', '17'] } }, '/workWeek/monday'],
    [{ workWeek: { monday: null } }, '/workWeek/monday'],
    [{ workWeek: { monday: { 0: 9, 1: 17 } } }, '/workWeek/monday'],
    [{ workWeek: null }, '/workWeek'],
    [{ workWeek: 'monday' }, '/workWeek'],
    [{ workWeek: [] }, '/workWeek'],
    [{ timezone: 'Mars/Olympus' }, '/timezone'],
    [{ timezone: null }, '/timezone'],
    [{ holidayCalendar: 'XX' }, '/holidayCalendar'],
    [{ holidayCalendar: 'DE-XX' }, '/holidayCalendar'],
    [{ holidayCalendar: '' }, '/holidayCalendar'],
    [{ timesheetApproverPolicy: 'anybody' }, '/timesheetApproverPolicy'],
    [{ timesheetApproverPolicy: null }, '/timesheetApproverPolicy'],
    [{ allowedEmailDomains: ['@example.com'] }, '/allowedEmailDomains/0'],
    [{ allowedEmailDomains: 'example.com' }, '/allowedEmailDomains'],
    [{ allowedEmailDomains: ['example.com', 'example.com'] }, '/allowedEmailDomains/1'],
    [{ requireCompanyEmail: 'yes' }, '/requireCompanyEmail'],
    [{ requireCompanyEmail: null }, '/requireCompanyEmail'],
    [{ ownerUserId: randomUUID() }, '/ownerUserId'],
  ])('refuse %j', async (body, pointer) => {
    const answer = await admin.patch('/company/settings', body);
    expect([answer.status, pointers(answer)]).toEqual([400, [pointer]]);
  });

  it('answer 412 to who saw another version, and let one of twenty win', async () => {
    const { version } = (await admin.get('/company/settings')).body;
    const stale = await admin.patch('/company/settings', { requireCompanyEmail: false }, { 'if-match': `"${version + 1}"` });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_mismatch']);
    const answers = await twenty((index) =>
      admin.patch('/company/settings', { workWeek: { friday: [index, index + 1] } }, { 'if-match': `"${version}"` }),
    );
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
  });

  it('keep both of two fields that are set at the same moment', async () => {
    await Promise.all([
      admin.patch('/company/settings', { holidayCalendar: 'FR' }),
      admin.patch('/company/settings', { requireCompanyEmail: true }),
    ]);
    expect((await admin.get('/company/settings')).body).toMatchObject({ holidayCalendar: 'FR', requireCompanyEmail: true });
    await admin.patch('/company/settings', { requireCompanyEmail: false });
  });
});

describe('the holidays', () => {
  it('are those of the calendar of the company, on the days on which they are kept', async () => {
    await admin.patch('/company/settings', { holidayCalendar: 'us_federal_holidays' });
    const { status, body } = await employee.get('/company/holidays?year=2026');
    expect(status).toBe(200);
    expect(body.items).toHaveLength(11);
    expect(body.items).toContainEqual({ date: '2026-07-03', name: 'Independence Day' });
    expect((await employee.get('/company/holidays?year=2021')).body.items.at(-1)).toEqual({ date: '2021-12-31', name: "New Year's Day" });
    await admin.patch('/company/settings', { holidayCalendar: null });
    expect((await employee.get('/company/holidays?year=2026')).body).toEqual({ items: [] });
  });

  it('are those of the present year of the company by default', async () => {
    await admin.patch('/company/settings', { holidayCalendar: 'FR', timezone: 'Pacific/Kiritimati' });
    clock.travelTo(new Date('2026-12-31T12:00:00Z')); // 2027 there
    await admin.signIn();
    expect((await admin.get('/company/holidays')).body.items[0].date).toBe('2027-01-01');
    clock.reset();
    await admin.signIn();
  });

  it.each(['26', '1969', '2200', '2026.5', 'now', ''])('are of no year %p', async (year) => {
    const answer = await admin.get(`/company/holidays?year=${year}`);
    expect([answer.status, pointers(answer)]).toEqual([400, ['/year']]);
  });
});
