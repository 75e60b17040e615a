import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { UnitOfWork } from '#core';
import { appendLines, ledgerFile } from '#gdpr';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { eraseAgain } from './erase-again.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const erasedAt = '2026-01-02T03:04:05Z';
const again = () => eraseAgain(server.config, server.database.address('owner'));
const isThere = async ({ id }: Company) => (await server.sql('SELECT 1 FROM companies WHERE id = $1', [id])).length > 0;

it('an erased company that a legal hold keeps holds up no other, is named, and its people are erased as those of any', async () => {
  const made = [await server.company(), await server.company(), await server.company()];
  const order = await server.app.get(UnitOfWork).companyIds();
  const [kept, ...others] = made.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id)) as [Company, Company, Company];
  const [held, anonymised] = [await kept.person(), await kept.person()];
  await kept.admin.put(`/users/${held.id}/legal-hold`, {});
  const file = ledgerFile(server.config);
  const companies = made.map(({ id: companyId }) => ({ companyId, kind: 'company' as const, erasedAt }));
  const people = [held, anonymised].map(({ id }) => ({ companyId: kept.id, userId: id, kind: 'anonymized' as const, erasedAt }));
  await appendLines(file, [...companies, ...people]);

  const lines = await again().catch((error: Error) => error.message.split('\n'));
  expect(lines).toEqual([
    `erased again: 1 anonymised, 0 purged, 2 companies; kept by a legal hold: ${held.id}`,
    expect.stringMatching(`company ${kept.id} could not be erased again.*1 of the users of company ${kept.id} are under legal hold`),
    'to try again: npm run erasures:replay',
  ]);
  expect([await isThere(kept), ...(await Promise.all(others.map(isThere)))]).toEqual([true, false, false]);
  const [row] = await server.sql('SELECT "isAnonymized" FROM users WHERE id = $1', [anonymised.id]);
  expect(row).toEqual({ isAnonymized: true });

  await kept.admin.delete(`/users/${held.id}/legal-hold`);
  expect(await again()).toBe('erased again: 0 anonymised, 0 purged, 1 companies');
  expect(await isThere(kept)).toBe(false);
});
