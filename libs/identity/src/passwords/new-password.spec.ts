import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Answer } from '../../../../test/client.js';
import { PASSWORD } from '../../../../test/factories.js';
import type { Company } from '../../../../test/factories.js';
import { Mailbox } from '../../../../test/mailbox.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';

let mailbox: Mailbox;
let server: TestServer;
let company: Company;

beforeAll(async () => {
  mailbox = await Mailbox.open();
  server = await startTestServer({ SMTP_URL: mailbox.url });
  company = await server.company();
});
afterAll(async () => {
  await server.stop();
  await mailbox.stop();
});

const NAMES = { firstName: 'Ada', lastName: 'Lovelace' };

async function invited(email: string): Promise<string> {
  await company.admin.post('/users', { ...NAMES, email, roleId: await company.roleId('Employee') });
  return (await mailbox.to(email)).token;
}

async function resetLink(): Promise<string> {
  const { email, companyId } = await company.person();
  await server.anybody.post('/auth/password/forgot', { email, companyId });
  return (await mailbox.to(email)).token;
}

/** Each way to a new password, with the pointer of its field. */
const WAYS: [way: string, pointer: string, take: (password: unknown) => Promise<Answer>][] = [
  [
    'a sign-up',
    '/owner/password',
    (password) => server.anybody.post('/companies', { name: 'Engines', owner: { ...NAMES, email: 'sign-up@example.com', password } }),
  ],
  [
    'a new user',
    '/password',
    async (password) =>
      company.admin.post('/users', { ...NAMES, email: 'new@example.com', roleId: await company.roleId('Employee'), password }),
  ],
  [
    'an invitation',
    '/password',
    async (password) =>
      server.anybody.post('/auth/invitations/accept', { token: await invited(`i-${Math.random()}@example.com`), password }),
  ],
  [
    'a reset',
    '/newPassword',
    async (newPassword) => server.anybody.post('/auth/password/reset', { token: await resetLink(), newPassword }),
  ],
  [
    'a change',
    '/newPassword',
    async (newPassword) => (await company.person()).post('/auth/password/change', { currentPassword: PASSWORD, newPassword }),
  ],
];

it.each(WAYS)('of %s is told why it is too weak, however long it is', async (_, pointer, take) => {
  for (const length of [0, 1, 11, 257, 5000, 500_000]) {
    const { status, body } = await take('Ünïcode'.repeat(length).slice(0, length));
    expect({ length, status, code: body.code }).toEqual({ length, status: 400, code: 'password_too_weak' });
    expect(body.errors.every((fault: { pointer: string }) => fault.pointer === pointer)).toBe(true);
  }
  for (const none of [null, 5, ['a long walk by the sea']]) expect((await take(none)).body.code).toBe('validation_failed');
});
