import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { Jobs, MailSender } from '#core';
import type { Config } from '#core';
import { dataMap } from '#gdpr';
import type { MappedColumn } from '#gdpr';
import { readCatalogue } from '../apps/api/src/generate/catalogue.js';
import type { Column, Table } from '../apps/api/src/generate/catalogue.js';
import { Client } from './client.js';
import { PASSWORD, Person } from './factories.js';
import type { Company, CompanyOptions } from './factories.js';
import { insertion, sampleRow } from './sample-row.js';

/** An application with its database, wherever that is. */
export interface Installation {
  app: NestFastifyApplication;
  config: Config;
  log: Record<string, unknown>[];
  sql<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]>;
  company(options?: CompanyOptions): Promise<Company>;
}

const NEW_PASSWORD = 'another long walk by the sea';

/**
 * One person with words of their own in every table, by requests where there are routes, by rows where there are none: whatever the map of
 * personal data says is to be erased holds at least one word that occurs nowhere else.
 */
export class Subject {
  /** Lower case: what to look for. */
  readonly words = new Set<string>();
  person!: Person;
  private readonly mark = randomBytes(5).toString('hex');
  /** Three digits each, so that none is the beginning of another. */
  private readonly host = `10.${[...randomBytes(3)].map((byte) => 100 + (byte % 100)).join('.')}`;

  private constructor(
    private readonly server: Installation,
    readonly company: Company,
  ) {}

  static async in(server: Installation, company: Company): Promise<Subject> {
    const subject = new Subject(server, company);
    await subject.work();
    await subject.fill();
    return subject;
  }

  /** A word that says where it was put, for whoever finds it. */
  private word(place: string): string {
    const word = `canary-${place.toLowerCase().replace(/[^a-z]/g, '')}-${this.mark}`;
    this.words.add(word);
    return word;
  }

  private get headers(): Record<string, string> {
    this.words.add(this.host);
    return { 'x-forwarded-for': this.host, 'user-agent': this.word('useragent') };
  }

  /** What they do, and what others do to them. */
  private async work(): Promise<void> {
    const { server, company } = this;
    const { admin } = company;
    const email = `${this.word('email')}@example.com`;
    const roleId = await company.role(['manage_api_key', 'create_team', 'approve_timesheet', 'approve_leave_request']);
    const names = { firstName: this.word('firstname'), lastName: this.word('lastname'), externalId: this.word('externalid') };
    const made = await done(
      admin.post('/users', { email, ...names, roleId, phoneNumber: this.phone(), password: PASSWORD }, { 'idempotency-key': this.mark }),
    );
    const person = new Person(server.app, company, made.id, email);
    this.person = person;

    const anybody = new Client(server.app);
    const signIn = async (password: string, address = email) => {
      const body = { email: address, password, companyId: company.id, deviceId: this.word('device') };
      person.token = (await done(anybody.post('/auth/login', body, this.headers))).accessToken;
    };
    await anybody.post('/auth/login', { email, password: 'not the password at all' }, this.headers);
    await signIn(PASSWORD);
    await done(person.post('/auth/password/change', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, this.headers));
    await signIn(NEW_PASSWORD);
    await done(person.patch('/me', { firstName: this.word('newfirstname') }, this.headers));
    await done(person.post('/api-keys', { name: this.word('apikey') }, this.headers));
    await done(
      person.post('/teams', { name: `Team ${this.mark.slice(0, 4)}` }, { ...this.headers, 'idempotency-key': this.word('repeat') }),
    );
    await done(anybody.post('/auth/password/forgot', { email, companyId: company.id }, this.headers));
    await done(admin.patch(`/users/${person.id}`, { email: `${this.word('newemail')}@example.com` }));
    await done(admin.post(`/users/${person.id}/status`, { code: 'SUSPENDED', reason: this.word('statusreason') }));
    await done(admin.post(`/users/${person.id}/status`, { code: 'ACTIVE', reason: this.word('statusreasontwo') }));
    await server.app.get(MailSender).sendAll();
    await signIn(NEW_PASSWORD, `canary-newemail-${this.mark}@example.com`);
    const [kept] = await server.sql<{ passwordHash: string }>('SELECT "passwordHash" FROM users WHERE id = $1', [person.id]);
    this.words.add(kept!.passwordHash.toLowerCase());
    await this.recordTime();
    await done(admin.get(`/users/${person.id}`));
  }

  private async recordTime(): Promise<void> {
    const { company, person } = this;
    const decider = await company.person({ role: ['approve_timesheet'] });
    const { id: actionCodeId } = await company.actionCode();
    const period = { periodStart: '2026-04-06', periodEnd: '2026-04-12' };
    const sheet = await done(person.post('/timesheets', { ...period, notes: this.word('sheetnotes') }, this.headers));
    const place = { day: '2026-04-07', actionCodeId, country: 'DE', durationMin: 60 };
    const entry = await done(person.post('/timesheet-entries', { ...place, note: this.word('note') }, this.headers));
    await done(person.patch(`/timesheet-entries/${entry.id}`, { note: this.word('newnote') }, this.headers));
    await done(person.post(`/timesheets/${sheet.id}/submit`, undefined, this.headers));
    await done(decider.post(`/timesheets/${sheet.id}/reject`, { reason: this.word('rejection') }));
    await this.server.app.get(Jobs).runNow('history-seals');
    const loose = await done(person.post('/timesheet-entries', { ...place, day: '2026-05-04', note: this.word('unsealed') }, this.headers));
    await done(person.delete(`/timesheet-entries/${loose.id}`, this.headers));
  }

  /** Words of theirs in what is others': why they decided so, sealed and not. */
  async decide(): Promise<void> {
    const { company, person, server } = this;
    const { id: actionCodeId } = await company.actionCode();
    for (const isSealed of [true, false]) {
      const other = await company.person();
      const sheet = await done(other.post('/timesheets', { periodStart: '2026-04-06', periodEnd: '2026-04-12', notes: 'kept' }));
      await done(other.post('/timesheet-entries', { day: '2026-04-07', actionCodeId, country: 'DE', durationMin: 60, note: 'kept' }));
      await done(other.post(`/timesheets/${sheet.id}/submit`));
      await done(person.post(`/timesheets/${sheet.id}/approve`, { reason: this.word('approval') }, this.headers));
      await done(person.post(`/timesheets/${sheet.id}/reopen`, { reason: this.word('reopening') }, this.headers));
      const leave = { startDate: '2099-03-02', endDate: '2099-03-03', leaveType: 'PTO', reason: 'kept' };
      const requests = [await done(other.post('/leave-requests', leave)), await done(company.admin.post('/leave-requests', leave))];
      await done(person.post(`/leave-requests/${requests[0].id}/approve`, { reason: this.word('leaveapproval') }, this.headers));
      await done(person.post(`/leave-requests/${requests[1].id}/reject`, { rejectionReason: this.word('leaverejection') }, this.headers));
      if (isSealed) await server.app.get(Jobs).runNow('history-seals');
    }
  }

  /** A row in each table of the catalogue that can name a person, with a word in each column that erasure is to take. */
  private async fill(): Promise<void> {
    for (const { table, columns } of await erasable(this.server)) {
      if (table.name === 'users' || table.name === 'company_settings') continue; // they are one, and there is one
      const row = sampleRow(table, this.company.id);
      for (const name of keys(table)) if (row[name] === 'x') row[name] = `x ${this.mark.slice(0, 6)}`;
      for (const [name, id] of await this.partners(table)) if (row[name]) row[name] = id;
      for (const mapped of columns) {
        const column = table.columns.find(({ name }) => name === mapped.column)!;
        if (mapped.column === mapped.whose && column.type === 'uuid') row[mapped.column] = this.person.id;
        else if (mapped.erasure !== 'keep') row[mapped.column] = this.valueFor(table, column, mapped);
      }
      const { text, values } = insertion(table.name, row);
      await this.server.sql(`${text} ON CONFLICT DO NOTHING`, values);
    }
  }

  /** Records that its references may name, of the company where they belong to one. */
  private async partners({ constraints }: Table): Promise<[string, string][]> {
    const found: [string, string][] = [];
    for (const { references, columns } of constraints) {
      const name = columns.find((column) => column !== 'companyId');
      if (!references || !name) continue;
      const isOurs = columns.includes('companyId');
      const [partner] = await this.server.sql<{ id: string }>(
        `SELECT id FROM ${references.table} ${isOurs ? 'WHERE "companyId" = $1' : ''} ORDER BY random() LIMIT 1`,
        isOurs ? [this.company.id] : [],
      );
      if (partner) found.push([name, partner.id]);
    }
    return found;
  }

  private valueFor({ name: table }: Table, { name, type }: Column, { erasure }: MappedColumn): unknown {
    const word = () => this.word(`${table}.${name}`);
    if (type === 'inet') return this.headers['x-forwarded-for'];
    if (type === 'jsonb') {
      const members = typeof erasure === 'object' && 'blank' in erasure ? erasure.blank : ['member'];
      return JSON.stringify(Object.fromEntries(members.map((member) => [member, { before: word(), after: word() }])));
    }
    if (/^(text|citext|character varying)/.test(type)) return word();
    if (type.startsWith('timestamp')) return new Date();
    throw new Error(`${table}.${name}: no word for the type ${type}`);
  }

  private phone(): string {
    const phone = `+49151${String(parseInt(this.mark.slice(0, 7), 16)).padStart(9, '0')}`;
    this.words.add(phone);
    return phone;
  }

  /** What of it is in a text. */
  in(text: string): string[] {
    const lower = text.toLowerCase();
    return [...this.words].filter((word) => lower.includes(word));
  }

  /** Every place of the database that holds a word, as `table.column`. */
  async inDatabase(server: Installation = this.server): Promise<string[]> {
    const { tables } = await readCatalogue((text) => server.sql(text));
    const places = new Set<string>();
    for (const table of tables) {
      const rows = await server.sql<{ whole: string; row: Record<string, unknown> }>(
        `SELECT t::text AS whole, to_jsonb(t) AS row FROM "${table.name}" t`,
      );
      for (const { whole, row } of rows.filter(({ whole: text }) => this.in(text).length > 0)) {
        const columns = Object.keys(row).filter((column) => this.in(JSON.stringify(row[column])).length > 0);
        for (const column of columns.length > 0 ? columns : [whole]) places.add(`${table.name}.${column}`);
      }
    }
    return [...places].toSorted();
  }

  inLog(server: Installation = this.server): string[] {
    return this.in(JSON.stringify(server.log));
  }

  inMails(server: Installation = this.server): string[] {
    const folder = join(server.config.dataDir, 'mail');
    // Lines are folded and quoted: what is left of them is looked at too.
    return readdirSync(folder).flatMap((name) => {
      const raw = readFileSync(join(folder, name), 'utf8');
      return this.in(raw + raw.replace(/=\r\n/g, '').replace(/\r\n\s+/g, ''));
    });
  }
}

/** The tables that can name a person and have something that erasure takes or a row that names them, but for what would refuse it. */
async function erasable(server: Installation): Promise<{ table: Table; columns: MappedColumn[] }[]> {
  const { tables } = await readCatalogue((text) => server.sql(text));
  const map = Map.groupBy(personal(server), ({ table }) => table);
  return tables.flatMap((table) => {
    const columns = map.get(table.name) ?? [];
    return columns.length > 0 && table.name !== 'legal_holds' && table.columns.some(({ name }) => name === 'companyId')
      ? [{ table, columns }]
      : [];
  });
}

/** Columns of which no two rows may have the same value. */
const keys = ({ indexes }: Table): string[] =>
  indexes.filter(({ unique }) => unique).flatMap(({ columns }) => columns.filter((name) => name !== null));

const personal = (server: Installation): MappedColumn[] =>
  dataMap(server.app.get(DataSource).entityMetadatas).filter(({ kind }) => kind !== 'none');

/** `table.column` of all that erasure takes and that can hold a word; a hold has to go before, so that its reason is not among them. */
export function toBeErased(server: Installation): string[] {
  const wordless = new Set(['emailSince', 'lastLogin', 'lastSeenAt', 'lastUsedAt']);
  return personal(server)
    .filter(
      ({ table, column, erasure, whose }) => erasure !== 'keep' && table !== 'legal_holds' && column !== whose && !wordless.has(column),
    )
    .map(({ table, column }) => `${table}.${column}`)
    .toSorted();
}

// oxlint-disable-next-line typescript/no-explicit-any -- what an answer must look like is what the specs say
async function done(answer: Promise<{ status: number; body: any }>): Promise<any> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}
