import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { statuses, twenty } from '../../../../test/answer.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
let admin: Person;

beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  company = await server.company();
  ({ admin } = company);
});
afterAll(() => server.stop());

const DEFAULTS = { deletedUserYears: 7, auditLogYears: 7, accessLogMonths: 12, sessionDays: 90 };
const OTHERS = { deletedUserYears: 10, auditLogYears: 3, accessLogMonths: 6, sessionDays: 30 };
const audited = () =>
  server.sql(
    `SELECT action, "targetType", "targetId", "actorUserId", before, after FROM audit_logs WHERE "companyId" = $1 AND action = 'retention_updated'`,
    [company.id],
  );

describe('retention', () => {
  it('has its defaults, and takes what it gives', async () => {
    const { status, body, headers } = await admin.get('/gdpr/retention');
    expect([status, body, headers.etag]).toEqual([200, DEFAULTS, '"1"']);
    expect((await admin.get('/gdpr/retention', { 'if-none-match': '"1"' })).status).toBe(304);
    const same = await admin.put('/gdpr/retention', body, { 'if-match': '"1"' });
    expect([same.status, same.body, same.headers.etag]).toEqual([200, DEFAULTS, '"1"']);
    expect(await audited()).toEqual([]);
  });

  it('is set whole, moves the version of the settings and is audited', async () => {
    const set = await admin.put('/gdpr/retention', OTHERS);
    expect([set.status, set.body, set.headers.etag]).toEqual([200, OTHERS, '"2"']);
    expect((await admin.get('/gdpr/retention')).body).toEqual(OTHERS);
    expect((await admin.get('/company/settings')).headers.etag).toBe('"2"');
    await admin.put('/gdpr/retention', { ...OTHERS, sessionDays: 31 });
    const about = { action: 'retention_updated', targetType: 'CompanySettings', targetId: company.id, actorUserId: admin.id };
    expect(await audited()).toEqual([
      { ...about, before: DEFAULTS, after: OTHERS },
      { ...about, before: { sessionDays: 30 }, after: { sessionDays: 31 } },
    ]);
    expect((await (await server.company()).admin.get('/gdpr/retention')).body).toEqual(DEFAULTS);
  });

  it.each([
    [{ deletedUserYears: 0 }, '/deletedUserYears'],
    [{ deletedUserYears: 31 }, '/deletedUserYears'],
    [{ auditLogYears: 0 }, '/auditLogYears'],
    [{ auditLogYears: 31 }, '/auditLogYears'],
    [{ accessLogMonths: 0 }, '/accessLogMonths'],
    [{ accessLogMonths: 121 }, '/accessLogMonths'],
    [{ sessionDays: 0 }, '/sessionDays'],
    [{ sessionDays: 731 }, '/sessionDays'],
    [{ sessionDays: 1.5 }, '/sessionDays'],
    [{ sessionDays: '90' }, '/sessionDays'],
    [{ sessionDays: null }, '/sessionDays'],
    [{ sessionDays: undefined }, '/sessionDays'],
    [{ version: 1 }, '/version'],
    [{ timezone: 'UTC' }, '/timezone'],
  ])('refuses %j', async (change, pointer) => {
    const { status, body } = await admin.put('/gdpr/retention', { ...DEFAULTS, ...change });
    expect([status, body.code, body.errors.map((error: { pointer: string }) => error.pointer)]).toEqual([
      400,
      'validation_failed',
      [pointer],
    ]);
  });

  it('takes the bounds, as the database does', async () => {
    for (const body of [
      { deletedUserYears: 1, auditLogYears: 1, accessLogMonths: 1, sessionDays: 1 },
      { deletedUserYears: 30, auditLogYears: 30, accessLogMonths: 120, sessionDays: 730 },
    ])
      expect((await admin.put('/gdpr/retention', body)).body).toEqual(body);
  });

  it('asks for all that is missing at once', async () => {
    expect((await admin.put('/gdpr/retention', {})).body.errors).toHaveLength(4);
  });

  it('answers 412 to who saw another version, and lets one of twenty win', async () => {
    for (const stale of ['"2"', '"99"'])
      expect((await admin.put('/gdpr/retention', OTHERS, { 'if-match': stale })).body.code).toBe('version_mismatch');
    expect((await admin.put('/gdpr/retention', OTHERS, { 'if-match': '1' })).status).toBe(400);
    const answers = await twenty((index) => admin.put('/gdpr/retention', { ...OTHERS, sessionDays: 100 + index }, { 'if-match': '"1"' }));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
    expect((await admin.get('/gdpr/retention')).headers.etag).toBe('"2"');
    expect(await audited()).toHaveLength(1);
    expect((await admin.put('/gdpr/retention', DEFAULTS, { 'if-match': '*' })).status).toBe(200);
  });

  it('and the settings change the one row, without losing what the other wrote', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => [
        admin.put('/gdpr/retention', { ...DEFAULTS, sessionDays: 200 + index }),
        admin.patch('/company/settings', { allowedEmailDomains: [`d${index}.example.com`] }),
      ]).flat(),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect((await admin.get('/gdpr/retention')).headers.etag).toBe('"21"');
  });

  it('needs the permission', async () => {
    const keeper = await company.person({ role: ['manage_retention'] });
    expect((await keeper.put('/gdpr/retention', OTHERS)).status).toBe(200);
    const others = [
      await company.person({ role: 'Manager' }),
      await company.person({ role: ['update_company_settings'] }),
      await admin.apiKey([]),
    ];
    for (const other of others) {
      expect((await other.get('/gdpr/retention')).status).toBe(403);
      expect((await other.put('/gdpr/retention', {})).status).toBe(403);
    }
    expect((await server.anybody.get('/gdpr/retention')).status).toBe(401);
  });
});
