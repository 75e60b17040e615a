import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clock } from '#core';
import { ApiKeys, sha256 } from '#identity';
import type { PermissionName, SystemRole } from '#rbac';
import { Client } from './client.js';
import type { Answer } from './client.js';
import type { TestDatabase } from './database.js';

export const PASSWORD = 'a long walk by the sea';
/** Of that password; made here it would cost each person 12 ms. */
const PASSWORD_HASH = '$argon2id$v=19$m=19456,t=2,p=1$dPI8oSdAlmyHaMSN5CagNw$wZC/6Jp+06cbgyucwtbzAApBpl0OyeaWud/++oUWFvY';

export interface CompanyOptions {
  name?: string;
  timezone?: string;
  owner?: { email?: string; firstName?: string; lastName?: string };
}

export interface PersonOptions {
  /** A role that comes with the company, or the permissions of a role made for this person. */
  role?: SystemRole | PermissionName[];
  email?: string;
  firstName?: string;
  lastName?: string;
  /** Only an ACTIVE one is signed in. */
  status?: 'INVITED' | 'ACTIVE' | 'SUSPENDED' | 'TERMINATED';
}

/** A person of one company, signed in. */
export class Person extends Client {
  constructor(
    app: NestFastifyApplication,
    readonly company: Company,
    readonly id: string,
    readonly email: string,
    token?: string,
    public refreshToken?: string,
  ) {
    super(app, token);
  }

  get companyId(): string {
    return this.company.id;
  }

  /** The same person and token, asking another replica. */
  on(replica: NestFastifyApplication): Person {
    return new Person(replica, this.company, this.id, this.email, this.token, this.refreshToken);
  }

  /** With a new session. */
  async signIn(): Promise<this> {
    const credentials = { email: this.email, password: PASSWORD, companyId: this.companyId };
    const { body } = succeeded(await new Client(this.app).post('/auth/login', credentials));
    this.token = body.accessToken;
    this.refreshToken = body.refreshToken;
    return this;
  }

  /** A client that acts by a new API key. @param permissions null for all that the person has */
  async apiKey(permissions: PermissionName[] | null = null): Promise<Client> {
    const key = ApiKeys.make(this.companyId);
    await this.company.insert('api_keys', { userId: this.id, name: 'Key', keyHash: sha256(key), permissions });
    return new Client(this.app, key);
  }
}

/** A company with its Admin; makes what a spec needs in it, as the superuser and past the routes. */
export class Company {
  admin!: Person;

  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly database: TestDatabase,
    readonly id: string,
    readonly name: string,
  ) {}

  static async signUp(
    app: NestFastifyApplication,
    database: TestDatabase,
    { name = `Company ${unique()}`, timezone = 'Europe/Berlin', owner = {} }: CompanyOptions = {},
  ): Promise<Company> {
    const person = { email: `admin-${unique()}@example.com`, firstName: 'Ada', lastName: 'Admin', ...owner, password: PASSWORD };
    const { body } = succeeded(await new Client(app).post('/companies', { name, timezone, owner: person }));
    const company = new Company(app, database, body.company.id, name);
    company.admin = new Person(app, company, body.user.id, person.email, body.tokens.accessToken, body.tokens.refreshToken);
    return company;
  }

  /** Somebody of this company, made without a request but signed in with one. */
  async person({ role = 'Employee', status = 'ACTIVE', ...options }: PersonOptions = {}): Promise<Person> {
    const user = { firstName: 'Pat', lastName: `Person ${unique()}`, email: `person-${unique()}@example.com`, ...options };
    const roleId = await (typeof role === 'string' ? this.roleId(role) : this.role(role));
    const [found] = await this.database.sql<{ id: string }>('SELECT id FROM user_statuses WHERE code = $1', [status]);
    const id = await this.insert('users', { ...user, passwordHash: PASSWORD_HASH, roleId, statusId: found!.id });
    const person = new Person(this.app, this, id, user.email);
    return status === 'ACTIVE' ? person.signIn() : person;
  }

  /** A role with just these permissions. @returns its id */
  async role(permissions: PermissionName[], name = `Role ${unique()}`): Promise<string> {
    const roleId = await this.insert('roles', { name });
    const rows = await this.database.sql<{ id: string }>('SELECT id FROM permissions WHERE "companyId" = $1 AND name = ANY ($2)', [
      this.id,
      permissions,
    ]);
    for (const { id } of rows) await this.insert('role_permissions', { roleId, permissionId: id });
    return roleId;
  }

  /** The id of a role that comes with the company. */
  async roleId(name: SystemRole): Promise<string> {
    const [row] = await this.database.sql<{ id: string }>('SELECT id FROM roles WHERE "companyId" = $1 AND system AND name = $2', [
      this.id,
      name,
    ]);
    return row!.id;
  }

  async team({ name = `Team ${unique()}`, leads = [], members = [] }: { name?: string; leads?: Person[]; members?: Person[] } = {}) {
    const id = await this.insert('teams', { name });
    for (const lead of leads) await this.insert('team_members', { teamId: id, userId: lead.id, role: 'lead' });
    for (const member of members) await this.insert('team_members', { teamId: id, userId: member.id, role: 'member' });
    return { id, name };
  }

  async actionCode({ code = `C-${unique()}`, name = 'Work', type = 'billable', active = true } = {}) {
    return { id: await this.insert('action_codes', { code, name, type, active }), code, name };
  }

  async task({ title = `Task ${unique()}`, ...columns }: { title?: string; assigneeId?: string; status?: string } = {}) {
    return { id: await this.insert('tasks', { title, ...columns }), title };
  }

  /** A row of this company in any table with the usual columns, at the clock's time. @returns its id */
  async insert(table: string, columns: Record<string, unknown>): Promise<string> {
    const now = clock.now();
    const row = Object.entries({ companyId: this.id, createdAt: now, updatedAt: now, ...columns });
    const [inserted] = await this.database.sql<{ id: string }>(
      `INSERT INTO ${table} (${row.map(([name]) => `"${name}"`).join(', ')}) VALUES (${row.map((_, index) => `$${index + 1}`).join(', ')}) RETURNING id`,
      row.map(([, value]) => value),
    );
    return inserted!.id;
  }
}

const unique = (): string => randomUUID().slice(0, 8);

/** Setting up must work: what does not says why at once. */
function succeeded(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}
