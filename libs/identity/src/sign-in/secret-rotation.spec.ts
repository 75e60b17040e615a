import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '../../../../test/client.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

const OLD = 'a secret of at least 32 bytes that is to be replaced';
const NEW = 'another secret of at least 32 bytes that came later';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ JWT_SECRET: OLD });
});
afterAll(() => server.stop());

const refresh = (refreshToken: string | undefined, client: Client) => client.post('/auth/refresh', { refreshToken });

// In this order: passport knows one strategy a process, that of the app that was made last.
it('replaces the secret without signing anyone out', async () => {
  const person = await (await server.company()).person();
  const key = await person.apiKey();

  const both = await server.secondReplica({ JWT_SECRET: `${NEW},${OLD}` });
  expect((await person.on(both).get('/me')).status).toBe(200);
  const next = await refresh(person.refreshToken, new Client(both));
  expect(next.status).toBe(200);
  expect((await refresh(person.refreshToken, new Client(both))).body.refreshToken).toBe(next.body.refreshToken);

  const renamed = await server.secondReplica({ JWT_SECRET: NEW });
  expect((await new Client(renamed, next.body.accessToken).get('/me')).status).toBe(200); // signed with the new one
  expect((await refresh(next.body.refreshToken, new Client(renamed))).status).toBe(200);
  expect((await new Client(renamed, key.token).get('/me')).status).toBe(200);
  expect((await person.on(renamed).get('/me')).status).toBe(401);
  expect((await refresh(person.refreshToken, new Client(renamed))).status).toBe(401);
});
