import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { Company } from './factories.js';
import { startTestServer } from './server.js';
import type { TestServer } from './server.js';

let server: TestServer;
let company: Company;

beforeAll(async () => {
  server = await startTestServer({ LOG_LEVEL: 'info' });
  company = await server.company({ name: 'Engines' });
});
afterAll(() => server.stop());

describe('a test server', () => {
  it('is the whole application, as the restricted login', async () => {
    const { status, body } = await server.anybody.get('/health');
    expect({ status, health: body.status }).toEqual({ status: 200, health: 'ok' });
    expect(await server.app.get(DataSource).query('SELECT current_user AS name')).toEqual([{ name: server.config.databaseUsername }]);
    expect(server.log).toContainEqual(expect.objectContaining({ msg: 'request', route: '/health', status: 200 }));
  });

  it('can have a second replica on its database', async () => {
    const replica = await server.secondReplica();
    expect((await company.admin.on(replica).get('/me')).body.company.name).toBe('Engines');
  });

  it('fails at its end when a statement did not name the company', async () => {
    const other = await startTestServer();
    await expect(other.app.get(DataSource).query('SELECT FROM users')).rejects.toThrow('without "companyId"');
    await expect(other.stop()).rejects.toThrow('SELECT FROM users');
  });
});

describe('a company', () => {
  it('has people with the permissions that a spec wants', async () => {
    const manager = await company.person({ role: 'Manager', firstName: 'Grace' });
    expect((await manager.get('/me')).body).toMatchObject({ firstName: 'Grace', role: { name: 'Manager' } });
    const reader = await company.person({ role: ['read_report', 'read_user'] });
    expect((await reader.get('/me')).body.permissions).toEqual(['read_report', 'read_user']);
    const key = await reader.apiKey(['read_user']);
    expect((await key.get('/me')).status).toBe(200);
  });

  it('has people who cannot sign in', async () => {
    const suspended = await company.person({ status: 'SUSPENDED' });
    expect(suspended.token).toBeUndefined();
    await expect(suspended.signIn()).rejects.toThrow('account_not_active');
  });

  it('has teams, action codes and tasks', async () => {
    const [lead, member] = [await company.person(), await company.person()];
    const team = await company.team({ leads: [lead], members: [member] });
    await company.actionCode();
    await company.task({ assigneeId: member.id });
    expect(await server.sql('SELECT role FROM team_members WHERE "teamId" = $1 ORDER BY role', [team.id])).toEqual([
      { role: 'lead' },
      { role: 'member' },
    ]);
  });
});
