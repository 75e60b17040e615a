import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Company, Person } from '../../../../test/factories.js';
import { connect } from '../../../../test/database.js';
import { Mailbox, parse } from '../../../../test/mailbox.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { until } from '../../../../test/until.js';
import { clock } from '../clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Jobs } from '../jobs.js';
import { deriveKeys } from '../keys.js';
import { seal, unseal } from './mail-seal.js';
import { MailSender } from './mail-sender.js';
import { plainName, render } from './mail-templates.js';
import { Mail } from './mail.js';
import type { MailOrder } from './mail.js';

const SECRET = 'a secret of 32 bytes and more that only mails know';
const TOKEN = 'the-token_of-the-link';
const MINUTE = 60_000;
const later = (ms: number) => new Date(clock.now().getTime() + ms);

let mailbox: Mailbox;
let server: TestServer;
let company: Company;

beforeAll(async () => {
  mailbox = await Mailbox.open();
  server = await startTestServer({
    SMTP_URL: mailbox.url,
    PUBLIC_URL: 'https://time.example.org/app/',
    MAIL_FROM: 'NCY_8 <time@example.org>',
    JWT_SECRET: SECRET,
  });
  company = await server.company({ name: 'Analytical Engines' });
});
afterAll(async () => {
  await server.stop();
  await mailbox.stop();
});
afterEach(async () => {
  clock.reset();
  mailbox.misbehaviour.clear();
  await mailbox.stop();
  await mailbox.start();
  await server.sql('DELETE FROM queued_mails');
});

const inside = <T>(work: () => Promise<T>, app: NestFastifyApplication = server.app, to = company): Promise<T> =>
  app.get(UnitOfWork).within({ companyId: to.id, userId: null }, work);

const queue = (person: Person, order: Partial<MailOrder> = {}, app = server.app) =>
  inside(
    () => app.get(Mail).queue({ to: person.id, template: 'password_reset', token: TOKEN, expiresAt: later(60 * MINUTE), ...order }),
    app,
    person.company,
  );
const queued = () =>
  server.sql<{ id: string; attempts: number; leased: boolean }>(
    'SELECT id, attempts, "leasedUntil" IS NOT NULL AS leased FROM queued_mails ORDER BY "createdAt", id',
  );
/** Milliseconds until the one queued mail is tried again. */
const untilDue = async () => {
  const [{ dueAt }] = (await server.sql<{ dueAt: Date }>('SELECT "dueAt" FROM queued_mails')) as [{ dueAt: Date }];
  return dueAt.getTime() - clock.now().getTime();
};
const jobs = (app: NestFastifyApplication) => app.get(SchedulerRegistry, { strict: false }).getIntervals();
/** As the job of each minute does. */
const sendAll = (app = server.app) => app.get(MailSender).sendAll();

/** Where mails become files. */
const dir = () => join(server.config.dataDir, 'mail');

const filesOf = ({ id }: { id: string }) => readdirSync(dir()).filter((name) => name.startsWith(id));
const leaveFile = ({ id }: { id: string }) => {
  mkdirSync(dir(), { recursive: true });
  const name = `${id}.${randomUUID()}.eml`;
  writeFileSync(join(dir(), name), 'Hello');
  return name;
};

describe('a mail', () => {
  it('leaves after the commit, to the name and address of then, with a link to PUBLIC_URL', async () => {
    const person = await company.person({ firstName: 'Zoë', lastName: 'Straße, "jr"', email: 'before@example.com' });
    await mailbox.stop();
    await queue(person);
    await sendAll();
    const [row] = await queued();
    await server.sql(`UPDATE users SET email = 'after@example.com' WHERE id = $1`, [person.id]);
    await mailbox.start();
    clock.travelTo(later(2 * MINUTE));
    await sendAll();
    const mail = await mailbox.to('after@example.com');
    expect(mail.headers.subject).toBe('Reset your password at Analytical Engines');
    expect(mail.headers.from).toBe('NCY_8 <time@example.org>');
    expect(mail.headers.to).toMatch(/=\?UTF-8\?Q\?Zo=C3=AB.*<after@example\.com>$/);
    expect(mail.headers['message-id']).toBe(`<${row!.id}@time.example.org>`);
    expect(mail.headers['auto-submitted']).toBe('auto-generated');
    expect(mail.text).toContain('Hello Zoë,');
    expect(mail.text).toContain(`\r\nhttps://time.example.org/app/reset-password?token=${TOKEN}\r\n`);
    expect(mail.html).toContain(`<a href="https://time.example.org/app/reset-password?token=${TOKEN}">Choose a new password</a>`);
    expect(await queued()).toEqual([]);
  });

  it('is sent at once', async () => {
    const person = await company.person();
    await queue(person, { template: 'invitation' });
    expect((await mailbox.to(person.email)).headers.subject).toBe('Your invitation to Analytical Engines');
  });

  it('is dated when it was queued, and calls its reader by a name without links', async () => {
    const person = await company.person({ firstName: 'Win at https://evil.example' });
    clock.travelTo(new Date('2032-06-15T12:00:00Z'));
    await queue(person);
    const { headers } = await mailbox.to(person.email);
    expect(new Date(headers.date!).toISOString()).toMatch(/^2032-06-15T12:00/);
    expect(headers.to).toContain('"Win at https: evil. example ');
  });

  it('does not exist when its transaction is rolled back', async () => {
    const person = await company.person();
    await expect(
      inside(async () => {
        await server.app.get(Mail).queue({ to: person.id, template: 'invitation', token: TOKEN, expiresAt: later(MINUTE) });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await queued()).toEqual([]);
    await sendAll();
    expect(mailbox.count(person.email)).toBe(0);
  });

  it('goes to the address that the user had, when it is given', async () => {
    const person = await company.person();
    await queue(person, { template: 'email_changed', token: undefined, address: 'old@example.com' });
    const mail = await mailbox.to('old@example.com');
    expect(mail.headers.subject).toBe('Your e-mail address at Analytical Engines was changed');
    expect(mail.text + mail.html).not.toContain(person.email);
    expect(mail.text).not.toContain('token=');
    await sendAll();
    expect(mailbox.count(person.email)).toBe(0);
  });

  it('can be taken back before it has left', async () => {
    const person = await company.person();
    await mailbox.stop();
    await queue(person);
    await queue(person, { template: 'email_changed', address: 'old@example.com' });
    await inside(() => server.app.get(Mail).withdraw(person.id, ['password_reset', 'invitation']));
    expect(await server.sql('SELECT template FROM queued_mails')).toEqual([{ template: 'email_changed' }]);
  });
});

describe('sending', () => {
  it('is tried again when the server was away, later each time, under the same Message-ID', async () => {
    const person = await company.person();
    await mailbox.stop();
    await queue(person);
    await sendAll();
    const [first] = await queued();
    expect(first).toMatchObject({ attempts: 1, leased: false });
    await mailbox.start();
    const pauses = [await untilDue()];
    clock.travelTo(later(pauses[0]! - 5_000));
    await sendAll();
    expect(mailbox.count(person.email)).toBe(0);
    mailbox.misbehaviour.set(person.email, 'hang up'); // has it, and does not say so
    clock.travelTo(later(10_000));
    await sendAll();
    pauses.push(await untilDue());
    clock.travelTo(later(pauses[1]! - 5_000));
    await sendAll();
    expect(mailbox.count(person.email)).toBe(1);
    mailbox.misbehaviour.clear();
    clock.travelTo(later(10_000));
    await sendAll();
    for (const [index, pause] of pauses.entries()) expect(Math.ceil(pause / MINUTE)).toBe(index + 1);
    const ids = [await mailbox.to(person.email), await mailbox.to(person.email, 2)].map(({ headers }) => headers['message-id']);
    expect(ids).toEqual(Array(2).fill(`<${first!.id}@time.example.org>`));
    expect(await queued()).toEqual([]);
  });

  it('happens once, with two replicas at it', async () => {
    const replica = await server.secondReplica();
    const people = await Promise.all(Array.from({ length: 12 }, () => company.person({ status: 'INVITED' })));
    await mailbox.stop();
    for (const person of people) await queue(person);
    await Promise.all([sendAll(), sendAll(replica)]);
    await mailbox.start();
    clock.travelTo(later(2 * MINUTE));
    await Promise.all([sendAll(), sendAll(replica), sendAll(), sendAll(replica)]);
    for (const { email } of people) expect(mailbox.mails.filter(({ to }) => to.includes(email))).toHaveLength(1);
    expect(await queued()).toEqual([]);
  });

  it('lets each company have its turn: one that has many waits behind the others', async () => {
    const elsewhere = await server.company();
    const people = await Promise.all(Array.from({ length: 10 }, () => company.person({ status: 'INVITED' })));
    const other = await elsewhere.person();
    await mailbox.stop();
    for (const person of [...people, other]) await queue(person);
    await sendAll();
    await mailbox.start();
    clock.travelTo(later(2 * MINUTE));
    const before = mailbox.mails.length;
    const sender = server.app.get(MailSender);
    sender.wake(company.id);
    sender.wake(elsewhere.id);
    await sender.idle();
    const sent = mailbox.mails.slice(before).flatMap(({ to }) => to);
    expect(sent).toHaveLength(11);
    expect(sent.indexOf(other.email)).toBe(4);
  });

  it('leaves a mail to the replica that has it, until its lease ends', async () => {
    const person = await company.person();
    await mailbox.stop();
    await queue(person);
    await sendAll();
    await mailbox.start();
    clock.travelTo(later(2 * MINUTE));
    await server.sql(`UPDATE queued_mails SET "leasedUntil" = now() + interval '1 minute'`);
    await sendAll();
    expect(mailbox.count(person.email)).toBe(0);
    await server.sql(`UPDATE queued_mails SET "leasedUntil" = now() - interval '1 second'`);
    await sendAll();
    expect(mailbox.count(person.email)).toBe(1);
  });

  it('ends where the address is refused for good, and goes on where it is refused for now', async () => {
    const [nobody, busy] = [await company.person(), await company.person()];
    mailbox.misbehaviour.set(nobody.email, 550).set(busy.email, 451);
    await queue(nobody);
    await queue(busy);
    await sendAll();
    expect(await server.sql('SELECT "userId" FROM queued_mails')).toEqual([{ userId: busy.id }]);
    expect(server.log).toContainEqual(expect.objectContaining({ msg: 'mail given up', code: 'EENVELOPE 550' }));
  });

  it.each([
    ['554 5.7.1 Relay access denied', 1],
    ['550 5.1.8 Sender address rejected', 1],
    ['504 5.5.2 Helo command rejected', 1],
    ['550 5.1.1 No such user', 0],
    ['552 5.2.2 Mailbox full', 0],
    ['550 No such user', 0],
  ])('tells what is refused for our configuration from what is for the mailbox: %s', async (answer, left) => {
    const person = await company.person();
    mailbox.misbehaviour.set(person.email, answer);
    await queue(person);
    await sendAll();
    expect(await queued()).toHaveLength(left);
  });

  it('goes on where the address is taken and the mail is not', async () => {
    const person = await company.person();
    mailbox.misbehaviour.set(person.email, 'no content');
    await queue(person);
    await sendAll();
    expect(server.log).toContainEqual(expect.objectContaining({ msg: 'mail not sent yet', code: 'EMESSAGE 554' }));
    expect(await queued()).toHaveLength(1);
  });

  it('fails as a job when a company could not be looked at, after the others', async () => {
    const elsewhere = await server.company();
    const [stuck, other] = [await company.person(), await elsewhere.person()];
    await mailbox.stop();
    await queue(stuck);
    await queue(other);
    await sendAll();
    await mailbox.start();
    clock.travelTo(later(2 * MINUTE));
    const work = server.app.get(UnitOfWork);
    const { within } = work;
    work.within = (tenant, some) =>
      tenant.companyId === company.id ? Promise.reject(new Error('no')) : (within.call(work, tenant, some) as never);
    try {
      await expect(sendAll()).rejects.toThrow('everywhere');
      server.app.get(MailSender).wake(company.id); // of which nobody hears
      await server.app.get(MailSender).idle();
    } finally {
      work.within = within;
    }
    expect([mailbox.count(other.email), mailbox.count(stuck.email)]).toEqual([1, 0]);
    await sendAll();
    expect(mailbox.count(stuck.email)).toBe(1);
  });

  it('ends after twelve attempts', async () => {
    const person = await company.person();
    await mailbox.stop();
    await queue(person, { expiresAt: later(30 * 24 * 60 * MINUTE) });
    await sendAll();
    const started = clock.now().getTime();
    let attempts = 1;
    for (; (await queued()).length > 0 && attempts < 20; attempts++) {
      const [{ dueAt }] = (await server.sql<{ dueAt: Date }>('SELECT "dueAt" FROM queued_mails')) as [{ dueAt: Date }];
      clock.travelTo(dueAt);
      await sendAll();
    }
    expect(attempts).toBe(12);
    expect((clock.now().getTime() - started) / (60 * MINUTE)).toBeCloseTo(20.5, 0);
  });

  it.each([
    ['its link has ended', 'UPDATE queued_mails SET "expiresAt" = "createdAt"'],
    ['its reader was deleted', 'UPDATE users SET "deletedAt" = now() WHERE id = $1'],
    ['its reader was anonymised', 'UPDATE users SET "isAnonymized" = true WHERE id = $1'],
  ])('does not happen when %s', async (_, change) => {
    const person = await company.person();
    await mailbox.stop();
    await queue(person);
    await sendAll();
    await mailbox.start();
    await server.sql(change, change.includes('$1') ? [person.id] : []);
    clock.travelTo(later(2 * MINUTE));
    await sendAll();
    expect(mailbox.count(person.email)).toBe(0);
    expect(await queued()).toEqual([]);
  });

  it('does not happen when its company was deleted', async () => {
    const { id, admin } = await server.company();
    await mailbox.stop();
    await queue(admin);
    await sendAll();
    await mailbox.start();
    await server.sql('UPDATE companies SET "deletedAt" = now() WHERE id = $1', [id]);
    clock.travelTo(later(2 * MINUTE));
    server.app.get(MailSender).wake(id);
    await server.app.get(MailSender).idle();
    expect(mailbox.count(admin.email)).toBe(0);
    expect(await queued()).toEqual([]);
  });

  it('goes on after the secret was rotated', async () => {
    const person = await company.person();
    await mailbox.stop();
    await queue(person);
    await sendAll();
    await mailbox.start();
    const replica = await server.secondReplica({ JWT_SECRET: `another secret of 32 bytes and more than that,${SECRET}` });
    clock.travelTo(later(2 * MINUTE));
    await sendAll(replica);
    expect((await mailbox.to(person.email)).token).toBe(TOKEN);
  });

  it('does not hold the shutdown when the SMTP server says nothing, and loses nothing', async () => {
    const held = new Set<Socket>();
    const silent = createServer((socket) => void held.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const replica = await server.secondReplica({ SMTP_URL: `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    const [person, next] = [await company.person(), (await server.company()).admin];
    await queue(person, {}, replica);
    await until(() => held.size > 0);
    await queue(next, {}, replica); // which is not begun any more
    const before = server.log.length;
    await replica.close();
    for (const socket of held) socket.destroy();
    silent.close();
    const told = server.log.slice(before).filter(({ mail }) => mail);
    expect(told).toMatchObject([{ msg: 'mail not sent yet', code: 'EABORT' }]); // by the stop, sooner than the mail gives up by itself
    expect(await queued()).toMatchObject([
      { attempts: 1, leased: false },
      { attempts: 0, leased: false },
    ]);
  });

  it('begins with none once the server stops: the next one has it', async () => {
    const replica = await server.secondReplica();
    const person = await company.person();
    const sender = replica.get(MailSender);
    await sender.beforeApplicationShutdown();
    await queue(person, {}, replica);
    await sender.idle();
    expect(await queued()).toMatchObject([{ attempts: 0 }]);
    await sendAll();
    expect(mailbox.count(person.email)).toBe(1);
  });

  it('is looked after each minute, unless JOBS is off', async () => {
    expect(jobs(server.app)).not.toContain('mail');
    expect(jobs(await server.secondReplica({ JOBS: 'on' }))).toContain('mail');
  });
});

describe('what is kept', () => {
  const canary = { firstName: 'Canaryfirst', lastName: 'Canarylast', email: 'canary-person@example.com' };
  const traces = /canary|the-token/i;

  it('names nobody: neither the queue nor the log', async () => {
    const person = await company.person(canary);
    await mailbox.stop();
    await queue(person);
    await queue(person, { template: 'email_changed', address: 'canary-old@example.com' });
    await sendAll();
    expect(JSON.stringify(await server.sql('SELECT * FROM queued_mails'))).not.toMatch(traces);
    await mailbox.start();
    mailbox.misbehaviour.set(canary.email, 550); // whose message tells the address
    clock.travelTo(later(2 * MINUTE));
    await sendAll();
    await mailbox.to('canary-old@example.com');
    expect(await queued()).toEqual([]);
    expect(server.log.filter(({ mail }) => mail).length).toBeGreaterThan(3);
    expect(JSON.stringify(server.log)).not.toMatch(traces);
  });

  it('opens with the key, the newest of several, and for the mail that it was sealed for', () => {
    const [keys, others, id] = [deriveKeys([SECRET], 'mail'), deriveKeys(['x'.repeat(32)], 'mail'), randomUUID()];
    const sealed = seal({ token: TOKEN }, id, keys);
    expect(unseal(sealed, id, [...others, ...keys])).toEqual({ token: TOKEN });
    expect(unseal(sealed, id, others)).toBeUndefined();
    expect(unseal(seal({ token: TOKEN }, id, [...others, ...keys]), id, others)).toEqual({ token: TOKEN });
    expect(unseal(sealed, randomUUID(), keys)).toBeUndefined();
  });
});

describe('without SMTP_URL', () => {
  it('mails become files for their owner, which an erasure finds', async () => {
    const replica = await server.secondReplica({ SMTP_URL: '' });
    const [person, other] = [await company.person({ firstName: 'Zoë' }), await company.person()];
    await queue(person, {}, replica);
    await queue(other, {}, replica);
    await sendAll(replica);
    await until(async () => (await queued()).length === 0);
    const files = readdirSync(dir());
    expect(files).toHaveLength(2);
    const file = join(
      dir(),
      files.find((name) => name.startsWith(person.id))!,
    );
    expect([statSync(dir()).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
    const mail = parse(readFileSync(file, 'utf8'), [person.email]);
    expect(mail.headers.to).toContain(person.email);
    expect(mail.text).toContain('Hello Zoë,');
    expect(mail.token).toBe(TOKEN);
    await inside(() => replica.get(Mail).forget(person.id), replica);
    expect(readdirSync(dir())).toEqual([files.find((name) => name.startsWith(other.id))]);
  });
});

describe('mails in files', () => {
  let replica: NestFastifyApplication;
  beforeAll(async () => {
    replica = await server.secondReplica({ SMTP_URL: '' });
  });

  it('go again where the reader was erased elsewhere while they were written', async () => {
    const person = await company.person();
    await server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE legal_holds'); // what is looked at behind the writing
      await queue(person, {}, replica);
      await server.untilSomebodyWaits();
      expect(filesOf(person)).toHaveLength(1);
      await client.query('UPDATE users SET "isAnonymized" = true WHERE id = $1', [person.id]);
      await client.query('COMMIT');
    });
    await replica.get(MailSender).idle();
    expect(filesOf(person)).toEqual([]);
  });

  it('stay where the erasure is rolled back', async () => {
    const person = await company.person();
    leaveFile(person);
    const erased = inside(async () => {
      await replica.get(Mail).forget(person.id);
      throw new Error('no');
    }, replica);
    await expect(erased).rejects.toThrow('no');
    expect(filesOf(person)).toHaveLength(1);
  });

  it('go within an hour where a removal left them: of who is gone, or anonymised and under no hold', async () => {
    const [alive, deleted, anonymised, held] = [
      await company.person(),
      await company.person(),
      await company.person(),
      await company.person(),
    ];
    const elsewhere = await (await server.company()).person();
    const nobody = { id: randomUUID() };
    await company.admin.delete(`/users/${deleted.id}`);
    for (const { id } of [anonymised, held]) await company.admin.post(`/users/${id}/anonymize`);
    await company.admin.put(`/users/${held.id}/legal-hold`, {});
    for (const person of [alive, deleted, anonymised, held, elsewhere, nobody]) leaveFile(person);
    writeFileSync(join(dir(), 'a file of somebody else'), '');
    await replica.get(Jobs).runNow('mail-files');
    for (const person of [anonymised, nobody]) expect(filesOf(person)).toEqual([]);
    for (const person of [alive, deleted, held, elsewhere]) expect(filesOf(person)).toHaveLength(1);
    expect(filesOf({ id: 'a file' })).toHaveLength(1);
  });

  it('go after eight days, but for those of who is under hold', async () => {
    const [person, held] = [await company.person(), await company.person()];
    await company.admin.put(`/users/${held.id}/legal-hold`, {});
    const aged = (reader: { id: string }, days: number): string => {
      const name = leaveFile(reader);
      const writtenAt = later(-days * 24 * 60 * MINUTE);
      utimesSync(join(dir(), name), writtenAt, writtenAt);
      return name;
    };
    const kept = [aged(person, 7.9), aged(held, 9)];
    aged(person, 8.1);
    writeFileSync(join(dir(), 'another file of somebody else'), '');
    utimesSync(join(dir(), 'another file of somebody else'), 0, 0);
    await replica.get(Jobs).runNow('mail-files');
    expect([...filesOf(person), ...filesOf(held)]).toEqual(kept);
    expect(filesOf({ id: 'another file' })).toHaveLength(1);
  });

  it('stay, of whom it is not known yet whether they live and of old ones, where the server stops meanwhile', async () => {
    const [person, elsewhere] = [await company.person(), await (await server.company()).person()];
    for (const { id } of [person, elsewhere]) utimesSync(join(dir(), leaveFile({ id })), 0, 0);
    const stopping = await server.secondReplica({ SMTP_URL: '' });
    const users = await connect(server.database.address('superuser'));
    await users.query('BEGIN; LOCK TABLE users');
    const running = stopping.get(Jobs).runNow('mail-files');
    await server.untilSomebodyWaits();
    const closing = stopping.close();
    await users.end();
    await Promise.all([running, closing]);
    expect([...filesOf(person), ...filesOf(elsewhere)]).toHaveLength(2);
    await replica.get(Jobs).runNow('mail-files');
    expect([...filesOf(person), ...filesOf(elsewhere)]).toEqual([]);
  });
});

describe('the templates', () => {
  const facts = { firstName: 'Ada', company: 'Engines', publicUrl: 'https://time.example.org', token: TOKEN };

  it('let nobody write markup, lines or links into a mail by a name', () => {
    const evil = {
      ...facts,
      firstName: '<img src=x onerror=alert(1)>',
      company: `Win a prize\r\nBcc: x@y.z\u202e at https://evil.example ${'a'.repeat(200)}`,
    };
    const { subject, text, html } = render('invitation', evil);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(subject).not.toMatch(/[\r\n\u202e]/);
    expect(subject.length).toBeLessThan(90);
    expect(text.match(/:\/\//g)).toHaveLength(1);
  });

  it.each([
    ['PayPal security: confirm at www.evil.example/login', 'PayPal security: confirm at www. evil. example login'],
    ['Dear customer, go to evil.example/unlock', 'Dear customer, go to evil. example unlock'],
    ['müll.de, write to x@evil.example', 'müll. de, write to x evil. example'],
    ['evil。example evil．example evil｡example', 'evil。 example evil． example evil｡ example'],
    ['xn.xn--p1ai evil.\u034fcom \\\\evil\\share', 'xn. xn--p1ai evil. \u034fcom evil share'],
    ['evil.\u2060example', 'evil. example'],
    ['a'.repeat(59) + ' bc', 'a'.repeat(59)],
  ])('names hold nothing that a mail program makes a link of: %s', (name, told) => {
    expect(plainName(name)).toBe(told);
  });

  it.each([
    'J.R. Smith',
    'St. John',
    'Müller e.K.',
    'Dr.-Ing. A.B.',
    'S.r.l. Bianchi & Co.',
    "O'Brien, Jr.",
    'Ph.D. Nguyễn',
    '.NET Foundation',
  ])('leave a name as it is: %s', (name) => {
    expect(plainName(name)).toBe(name);
  });

  it('are known by name', () => {
    expect(() => render('spam', facts)).toThrow('no mail template spam');
  });
});
