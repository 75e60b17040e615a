import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let server: TestServer;
let company: Company;
beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
});
afterAll(() => server.stop());

/** How long it takes is measured by `npm run bench`; here: that hashing holds no connection, so nobody is refused or cut off. */
it('200 sign-ins at once are all let in, and reads and health go on between them', async () => {
  const signIns = Array.from({ length: 200 }, () => server.anybody.post('/auth/login', { email: company.admin.email, password: PASSWORD }));
  const pending = new Set(signIns);
  for (const signIn of signIns) void signIn.finally(() => pending.delete(signIn));
  const between: number[] = [];
  while (pending.size > 0) {
    const [read, health] = await Promise.all([company.admin.get('/me'), server.app.inject('/health')]);
    if (pending.size > 0) between.push(read.status, health.statusCode);
  }
  expect(new Set((await Promise.all(signIns)).map(({ status }) => status))).toEqual(new Set([200]));
  expect(between.length).toBeGreaterThan(10); // they came through while it was busy, not only afterwards
  expect(new Set(between)).toEqual(new Set([200]));
});
