import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accesses, Jobs } from '#core';
import { ledgerFile, readLines } from '#gdpr';
import { Subject } from '../../../../test/canaries.js';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { eraseCompany, nameAsked } from './company-erase.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const erase = (id: string, typed: string) => eraseCompany(server.database.address('owner'), server.config, id, async () => typed);

/** The rows of the company in every table, by table. */
async function rowsOf({ id }: Company): Promise<Record<string, number>> {
  const tables = await server.sql<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'companyId'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [found] = await server.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${name} WHERE "companyId" = $1`, [id]);
    counts[name] = found!.n;
  }
  counts.companies = (await server.sql('SELECT 1 FROM companies WHERE id = $1', [id])).length;
  return counts;
}
const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);

describe('erasing a company', () => {
  it('takes every row of it, and leaves the others and one line of proof', async () => {
    const [company, other] = [await server.company({ name: 'Gone Ltd' }), await server.company()];
    const subject = await Subject.in(server, company);
    const folder = join(server.config.dataDir, 'mail');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${subject.person.id}.${randomUUID()}.eml`), 'x');
    writeFileSync(join(folder, `${other.admin.id}.${randomUUID()}.eml`), 'x');
    await server.app.get(Accesses).flush(); // it writes each second
    const [before, others] = [await rowsOf(company), await rowsOf(other)];
    // As a matter of fact in every table, so that none is forgotten; holds would refuse it.
    expect(Object.keys(before).filter((table) => before[table] === 0)).toEqual(['erasures', 'legal_holds', 'timesheet_history_erasures']);

    const counts = await erase(company.id, 'Gone Ltd');
    expect(counts).toEqual(before);
    expect(total(await rowsOf(company))).toBe(0);
    expect(await rowsOf(other)).toEqual(others);
    expect(await subject.inDatabase()).toEqual([]);
    expect(await server.sql('SELECT id, "erasedBy", counts FROM erased_companies')).toEqual([
      { id: company.id, erasedBy: server.database.address('owner').username, counts },
    ]);
    expect(readdirSync(folder).map((name) => name.split('.')[0])).not.toContain(subject.person.id);
    expect(readdirSync(folder).map((name) => name.split('.')[0])).toContain(other.admin.id);
    expect((await readLines(ledgerFile(server.config))).companies).toMatchObject([{ companyId: company.id, kind: 'company' }]);
    expect((await other.admin.get('/timesheet-history/verify')).status).toBe(200);
  });

  it('is told to the ledger later where the process ended before', async () => {
    const company = await server.company();
    await erase(company.id, company.name);
    const file = ledgerFile(server.config);
    rmSync(file);
    await server.app.get(Jobs).runNow('erasures-ledger');
    await server.app.get(Jobs).runNow('erasures-ledger');
    const lines = (await readLines(file)).companies.filter(({ companyId }) => companyId === company.id);
    const proof = await server.sql('SELECT "erasedAt" FROM erased_companies WHERE id = $1', [company.id]);
    expect(lines.map(({ erasedAt }) => ({ erasedAt: new Date(erasedAt) }))).toEqual(proof);
  });

  it('is told to the ledger before the mails go, which may fail', async () => {
    const company = await server.company();
    const dataDir = join(server.config.dataDir, 'elsewhere');
    mkdirSync(join(dataDir, 'mail', `${company.admin.id}.unremovable.eml`), { recursive: true });
    const { backupDir, smtpUrl } = server.config;
    const erased = eraseCompany(server.database.address('owner'), { dataDir, backupDir, smtpUrl }, company.id, async (name) => name);
    await expect(erased).rejects.toMatchObject({ code: 'ERR_FS_EISDIR' });
    expect((await readLines(ledgerFile(server.config))).companies.map(({ companyId }) => companyId)).toContain(company.id);
  });

  it('is refused where the ledger cannot be written', async () => {
    const company = await server.company();
    const backupDir = join(server.config.dataDir, 'a-file');
    writeFileSync(backupDir, '');
    const { dataDir, smtpUrl } = server.config;
    const erased = eraseCompany(server.database.address('owner'), { dataDir, backupDir, smtpUrl }, company.id, async (name) => name);
    await expect(erased).rejects.toThrow(/^BACKUP_DIR .*cannot be written/);
    expect((await rowsOf(company)).companies).toBe(1);
  });

  it('also where people were anonymised', async () => {
    const company = await server.company();
    const person = await company.person();
    await company.admin.post(`/users/${person.id}/anonymize`);
    const before = await rowsOf(company);
    expect(before.erasures).toBe(1);
    expect(await erase(company.id.toUpperCase(), company.name)).toEqual(before);
    expect(total(await rowsOf(company))).toBe(0);
  });

  it.each([
    ['another name', async ({ id }: Company) => erase(id, 'Something else'), /not its name/],
    ['an unknown company', async () => erase(randomUUID(), ''), /There is no company/],
    ['what is no id', async () => erase(`x' OR true`, ''), /no id of a company/],
  ])('is refused for %s', async (_, attempt, message) => {
    const company = await server.company();
    const before = await rowsOf(company);
    await expect(attempt(company)).rejects.toThrow(message);
    expect(await rowsOf(company)).toEqual(before);
  });

  it('is refused while somebody is under legal hold', async () => {
    const company = await server.company();
    const person = await company.person();
    await company.admin.put(`/users/${person.id}/legal-hold`, {});
    const before = await rowsOf(company);
    await expect(erase(company.id, company.name)).rejects.toThrow(/legal hold/);
    expect(await rowsOf(company)).toEqual(before);
    await company.admin.delete(`/users/${person.id}/legal-hold`);
    await erase(company.id, company.name);
  });

  it('begins anew where it met a deadlock with a request', async () => {
    const company = await server.company();
    const person = await company.person();
    const counts = await server.database.as('superuser', async (request) => {
      await request.query(`SET deadlock_timeout = '20s'`); // the erasure is the one that is given up
      await request.query('BEGIN');
      await request.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [person.id]);
      const erased = erase(company.id, company.name);
      await server.untilSomebodyWaits();
      await request.query('SELECT 1 FROM companies WHERE id = $1 FOR KEY SHARE', [company.id]); // as any row that is added
      await request.query('COMMIT');
      return erased;
    });
    expect(counts).toMatchObject({ users: 2, companies: 1 });
    expect(total(await rowsOf(company))).toBe(0);
  });

  it('ends with what the database said where the connection was cut while the name was asked for', async () => {
    const company = await server.company();
    const owner = server.database.address('owner');
    const cut = eraseCompany(owner, server.config, company.id, async (name) => {
      await server.sql('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1 AND datname = $2', [
        owner.username,
        owner.database,
      ]);
      return name;
    });
    await expect(cut).rejects.toMatchObject({ code: '57P01' });
    expect(total(await rowsOf(company))).toBeGreaterThan(0);
  });

  it('is nothing that the owner does without naming the company, nor the server at all', async () => {
    const company = await server.company();
    const enter = 'SELECT enter_company($1, NULL)';
    await server.database.as('owner', async (client) => {
      await client.query('BEGIN');
      await client.query(enter, [company.id]);
      await client.query(`SET LOCAL app.erased_company = '${randomUUID()}'`);
      await expect(client.query('DELETE FROM audit_logs WHERE "companyId" = $1', [company.id])).rejects.toMatchObject({ code: '42501' });
    });
    await server.database.as('application', async (client) => {
      await client.query('BEGIN');
      await client.query(enter, [company.id]);
      await client.query(`SET LOCAL app.erased_company = '${company.id}'`);
      await expect(client.query('DELETE FROM audit_logs WHERE "companyId" = $1', [company.id])).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('takes the name from the command line when it is there', async () => {
    expect(await nameAsked(['--name', 'Gone Ltd'])('x')).toBe('Gone Ltd');
    expect(() => nameAsked(['--force'])).toThrow('--force');
  });

  it('takes an input that has ended for an empty answer', async () => {
    expect(await nameAsked([], Readable.from([]))('x')).toBe('');
    expect(await nameAsked([], Readable.from(['Gone Ltd\n']))('x')).toBe('Gone Ltd');
  });
});
