import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { seed } from './seed.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it('brings the sentences of the catalogue to companies that have older ones, and to nothing else', async () => {
  const { id, admin } = await server.company();
  const catalogue = async () => (await admin.get('/permissions?limit=200')).body.items as unknown;
  const before = await catalogue();
  await server.sql(`UPDATE permissions SET description = 'As it was said once.' WHERE "companyId" = $1 AND name = 'read_user'`, [id]);
  await server.sql(`INSERT INTO permissions ("companyId", name, description) VALUES ($1, 'zoom', 'Not in the catalogue any more.')`, [id]);
  await seed(server.database.address('owner'));
  expect(await catalogue()).toEqual([...(before as object[]), { name: 'zoom', description: 'Not in the catalogue any more.' }]);
});
