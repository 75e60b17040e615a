import { randomUUID } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { Passwords } from './passwords.js';

describe('passwords', () => {
  it('are hashed two at a time, 256 wait, and whoever comes then is told to come back', async () => {
    const passwords = new Passwords();
    const answers = await Promise.allSettled(Array.from({ length: 260 }, () => passwords.hash(PASSWORD)));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
    expect(refused).toHaveLength(2);
    for (const reason of refused) expect(reason).toMatchObject({ code: 'service_unavailable', more: { headers: { 'retry-after': '2' } } });
    expect(await passwords.matches(await passwords.hash(PASSWORD), PASSWORD)).toBe(true); // and afterwards all is open again
  });

  it('count their characters alike however they were typed', async () => {
    const passwords = new Passwords();
    const composed = 'pass\u00e9 compos\u00e9 et long';
    expect(await passwords.matches(await passwords.hash(composed), composed.normalize('NFD'))).toBe(true);
  });
});

describe('signing up', () => {
  it('keeps nobody waiting who signs in', async () => {
    const passwords = new Passwords();
    let hashed = 0;
    const signUps = Array.from({ length: 40 }, () => passwords.hashForSignUp(PASSWORD).then(() => hashed++));
    await passwords.matches(undefined, PASSWORD);
    expect(hashed).toBeLessThanOrEqual(4); // those that ran already, and those beside it
    await Promise.all(signUps);
  });
});

describe('new passwords', () => {
  it('keep nobody waiting who signs in', async () => {
    const passwords = new Passwords();
    let hashed = 0;
    const companies = Array.from({ length: 40 }, () => randomUUID());
    const news = companies.map((company) => passwords.hashNew(PASSWORD, company).then(() => hashed++));
    await passwords.matches(undefined, PASSWORD);
    expect(hashed).toBeLessThanOrEqual(4);
    await Promise.all(news);
  });

  it('of one company keep no other one waiting, and are all hashed', async () => {
    const passwords = new Passwords();
    const [many, other] = [randomUUID(), randomUUID()];
    let hashed = 0;
    const flood = Array.from({ length: 40 }, () => passwords.hashNew(PASSWORD, many).then(() => hashed++));
    expect(await passwords.matches(await passwords.hashNew(PASSWORD, other), PASSWORD)).toBe(true);
    expect(hashed).toBeLessThanOrEqual(10); // the four before it, those beside it, and those beside the comparison
    await Promise.all(flood);
    expect(hashed).toBe(40);
  });

  it('give their place back also when the line is full', async () => {
    const passwords = new Passwords();
    const full = Array.from({ length: 258 }, (_, index) => passwords.hashNew(PASSWORD, `company ${index}`));
    for (let times = 0; times < 8; times++)
      await expect(passwords.hashNew(PASSWORD, 'late')).rejects.toMatchObject({ code: 'service_unavailable' });
    await Promise.all(full);
    expect(await passwords.hashNew(PASSWORD, 'late')).toMatch(/^\$argon2id/);
  });
});

describe('signing in', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ TRUST_PROXY: '10.0.0.0/8' });
  });
  afterAll(() => server.stop());

  it('hashes anew what was hashed with other parameters', async () => {
    const person = await (await server.company()).person();
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await server.sql('UPDATE users SET "passwordHash" = $2 WHERE id = $1', [person.id, weak]);
    await person.signIn();
    const [row] = await server.sql<{ passwordHash: string }>('SELECT "passwordHash" FROM users WHERE id = $1', [person.id]);
    expect(row!.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await person.signIn()).token).toBeDefined();
  });

  it('believes X-Forwarded-For of the configured proxies only', async () => {
    const { admin } = await server.company();
    const credentials = { email: admin.email, password: PASSWORD };
    await server.anybody.post('/auth/login', credentials, { 'x-forwarded-for': '203.0.113.7' });
    const { body } = await admin.get('/auth/sessions');
    expect((body.items as Array<{ ip: string }>).map(({ ip }) => ip)).not.toContain('203.0.113.7'); // it came from the loopback
  });
});
