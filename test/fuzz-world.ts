import type { InjectOptions } from 'fastify';
import fc from 'fast-check';
import { Cast, kindOf, kindsOf, unknownId } from './access-matrix.js';
import type { Answer } from './client.js';
import { DocumentedAnswers } from './documented-answers.js';
import type { Documented } from './documented-answers.js';
import { PASSWORD } from './factories.js';
import type { Person } from './factories.js';
import { PRINCIPALS } from './fuzz-requests.js';
import type { Plan, PrincipalName } from './fuzz-requests.js';
import { Free, Pick, toJson } from './fuzz-values.js';
import type { Known } from './fuzz-values.js';
import type { TestServer } from './server.js';

/** In every text of a company's records, and in none of a request of the other company. */
const MARKS = { ours: 'canary-ours', theirs: 'canary-theirs' } as const;
type Side = keyof typeof MARKS;

const KEPT = 60; // ids of each kind

/** Fields whose values are worth sending right. */
export const KNOWN: Known = {
  password: fc.constantFrom(PASSWORD, 'short', 'correct horse battery staple'),
  currentPassword: fc.constantFrom(PASSWORD, 'a wrong one, but long'),
  newPassword: fc.constantFrom(PASSWORD, 'another long walk by the sea', 'password1234'),
  email: fc.nat({ max: 30 }).map((n) => `fuzz${n}@example.com`),
  phoneNumber: fc.constantFrom('+4915112345678', '+1234567'),
  country: fc.constantFrom('DE', 'FR', 'US'),
  holidayCalendar: fc.constantFrom('DE-BY', 'FR', 'us_federal_holidays'),
  groupBy: fc
    .subarray(['user', 'team', 'actionCode', 'actionCodeType', 'task', 'day', 'week', 'month', 'workMode', 'country', 'status'], {
      minLength: 1,
    })
    .map((names) => names.join(',')),
  expiresAt: fc.constantFrom('2099-01-01T00:00:00Z', '1999-01-01T00:00:00Z'),
  refreshToken: fc.nat({ max: 99 }).map((n) => new Pick('refreshToken', n, 'own')),
  cursor: fc.nat({ max: 99 }).map((n) => new Pick('cursor', n, 'own')),
  token: fc.nat({ max: 99 }).map((n) => new Pick('token', n, 'own')),
  monday: fc.constantFrom([9, 17], [0, 24], [8.5, 12]),
};

interface Sent {
  method: string;
  url: string;
  headers: Record<string, string>;
  payload: Buffer | string | undefined;
}

/** Two companies in one running application, what is known of their records, and a judge of every answer. */
export class World {
  readonly statuses = new Map<number, number>();
  /** Operations that did what they are for, at least once. */
  readonly reached = new Set<string>();
  requests = 0;
  private readonly pool: Record<Side, Map<string, string[]>> = { ours: new Map(), theirs: new Map() };
  private readonly etags = new Map<string, string>();
  private principals!: Map<PrincipalName, { side: Side; token: string | undefined }>;
  private casts!: Record<Side, Cast>;

  private constructor(
    readonly server: TestServer,
    private readonly judge: DocumentedAnswers,
  ) {}

  static async of(server: TestServer, document: Documented): Promise<World> {
    const world = new World(server, new DocumentedAnswers(document));
    await world.begin();
    return world;
  }

  /** Two new companies: those before have lost people, permissions, records. */
  async begin(): Promise<void> {
    await this.server.sql('DELETE FROM sign_in_attempts'); // all come from one address, which is locked after 300 failures in ten minutes
    const [ours, theirs] = await Promise.all([Cast.of(this.server), Cast.of(this.server)]);
    this.casts = { ours, theirs };
    for (const side of ['ours', 'theirs'] as const) await this.adopt(side);
    const key = await ours.admin.apiKey();
    const people: [PrincipalName, Side, string | undefined][] = [
      ['anonymous', 'ours', undefined],
      ['Employee', 'ours', ours.member.token],
      ['lead', 'ours', ours.lead.token],
      ['Manager', 'ours', ours.manager.token],
      ['Admin', 'ours', ours.admin.token],
      ['stranger', 'theirs', theirs.admin.token],
      ['API key', 'ours', key.token],
    ];
    this.principals = new Map(people.map(([name, side, token]) => [name, { side, token }]));
  }

  /** Marks every text of a company, and takes in the ids of its records. */
  private async adopt(side: Side): Promise<void> {
    const { company, ids, others, member } = this.casts[side];
    const known = this.pool[side];
    known.clear();
    for (const [name, id] of [...Object.entries(ids), ...Object.entries(others)]) this.keep(side, name, id);
    for (const { id } of [company.admin, this.casts[side].lead, this.casts[side].manager]) this.keep(side, 'user', id);
    this.keep(side, 'refreshToken', member.refreshToken!);
    // the sheets of a cast are drafts for which somebody waits: the other specs like it, but no request leads there
    await this.server.sql('DELETE FROM timesheet_approvals WHERE "companyId" = $1', [company.id]);
    const texts: [table: string, column: string, where: string][] = [
      ['companies', 'name', 'id'],
      ['users', 'firstName', 'companyId'],
      ['users', 'lastName', 'companyId'],
      ['teams', 'name', 'companyId'],
      ['tasks', 'title', 'companyId'],
      ['action_codes', 'name', 'companyId'],
      ['api_keys', 'name', 'companyId'],
      ['leave_requests', 'reason', 'companyId'],
      ['timesheets', 'notes', 'companyId'],
      ['timesheet_entries', 'note', 'companyId'],
    ];
    for (const [table, column, where] of texts)
      await this.server.sql(`UPDATE ${table} SET "${column}" = $2 || ' ' || coalesce("${column}", '') WHERE "${where}" = $1`, [
        company.id,
        MARKS[side],
      ]);
  }

  /** Sends a plan. @throws with a line for curl when an answer is not what it must be */
  async send(plan: Plan): Promise<void> {
    const principal = this.principals.get(plan.principal)!;
    const sent = this.settle(plan, principal);
    const answers = await Promise.all(Array.from({ length: plan.copies }, () => this.inject(sent)));
    for (const [answer, text] of answers) {
      this.requests++;
      this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
      const fault = this.fault(plan, sent, answer, text);
      if (fault)
        throw new Error(
          `${fault}\n  as ${plan.principal}${plan.copies > 1 ? `, ${plan.copies} at once` : ''}: ${curl(sent, plan.principal)}\n  answer: ${text.slice(0, 400)}`,
        );
      this.learn(plan, principal.side, sent, answer);
    }
    if (answers.some(([answer]) => isDead(plan.principal, sent, answer))) await this.revive(plan.principal);
  }

  private fault(plan: Plan, { method, url }: Sent, answer: Answer, text: string): string | undefined {
    if (answer.status >= 500) return `${method} ${plan.path} ${answer.status}`;
    const side = this.principals.get(plan.principal)!.side;
    const alien = MARKS[side === 'ours' ? 'theirs' : 'ours'];
    // whoever signs in where a password fits two companies is told both
    if (text.includes(alien) && !plan.path.startsWith('/api/v1/auth/')) return `${method} ${plan.path} tells something of another company`;
    return this.judge.fault({ method, url, answer });
  }

  private settle(plan: Plan, { side, token }: { side: Side; token: string | undefined }): Sent {
    let next = 0;
    const path = plan.path.replaceAll(/\{\w+\}/g, () => {
      const part = plan.ids[next++]!;
      return typeof part === 'string' ? part : this.text(side, part);
    });
    const query = plan.query.map(([name, value]) => {
      if (value instanceof Pick || value instanceof Free) return `${name}=${encodeURIComponent(this.text(side, value).toWellFormed())}`;
      return `${name}=${String(value)}`;
    });
    const { pathname, search } = new URL(`http://x${path}${query.length > 0 ? `?${query.join('&')}` : ''}`);
    const payload = plan.body && (Buffer.isBuffer(plan.body) ? plan.body : toJson(plan.body.value, (open) => this.text(side, open)));
    const last = plan.ids.at(-1);
    const etag = last instanceof Pick ? this.etags.get(this.text(side, last)) : undefined;
    const ifMatch = plan.ifMatch === 'fresh' ? (etag ?? '"1"') : plan.ifMatch;
    return {
      method: plan.method,
      url: pathname + search,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined || plan.method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        ...plan.headers,
      },
      payload: plan.method === 'GET' ? undefined : payload,
    };
  }

  private text(side: Side, open: Pick | Free): string {
    if (open instanceof Free) return Array.from(`${MARKS[side]} ${open.text}`).slice(0, open.maxLength).join('');
    if (open.whose === 'nobody') return unknownId();
    const from = open.whose === 'own' || isOfNobody(open.name) ? side : side === 'ours' ? 'theirs' : 'ours';
    const known = this.pool[from].get(kind(open.name)) ?? [];
    return known[open.place % known.length] ?? unknownId();
  }

  private async inject({ method, url, headers, payload }: Sent): Promise<[Answer, string]> {
    const answer = await this.server.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) } as InjectOptions);
    const isJson = /[/+]json/.test(String(answer.headers['content-type'])) && answer.payload !== '';
    const body: unknown = isJson ? JSON.parse(answer.payload) : answer.payload;
    return [{ status: answer.statusCode, body, headers: answer.headers as Answer['headers'] }, answer.payload];
  }

  /** What an answer gives for later requests. */
  private learn({ path, method }: Plan, side: Side, { url }: Sent, { status, body, headers }: Answer): void {
    if (status >= 300) return;
    this.reached.add(`${method} ${path}`);
    const record = body as { id?: string; items?: { id?: string }[]; nextCursor?: string | null; refreshToken?: string; token?: string };
    const segment = url.split('?', 1)[0]!.split('/')[3]!;
    for (const { id } of [record, ...(record?.items ?? []).slice(0, 3)]) if (id) this.keep(side, kind(segment), id);
    if (record?.id && headers.etag) this.etags.set(record.id, headers.etag);
    for (const name of ['nextCursor', 'refreshToken', 'token'] as const)
      if (record?.[name]) this.keep(side, name === 'nextCursor' ? 'cursor' : name, record[name]);
  }

  private keep(side: Side, name: string, value: string): void {
    const known = this.pool[side].get(name) ?? [];
    if (!known.includes(value)) known.push(value);
    if (known.length > KEPT) known.splice(1, 1); // the first is one that was there from the beginning
    this.pool[side].set(name, known);
  }

  /** Somebody else in the place of one who was signed out, suspended or stripped of their role. */
  private async revive(name: PrincipalName): Promise<void> {
    const { side } = this.principals.get(name)!;
    const { company } = this.casts[side];
    const role = name === 'Manager' ? 'Manager' : name === 'Employee' || name === 'lead' ? 'Employee' : 'Admin';
    const mark = { firstName: MARKS[side], lastName: MARKS[side] };
    const person: Person = await company.person({ role, ...mark });
    if (name === 'lead') await company.team({ name: MARKS[side], leads: [person], members: [await company.person(mark)] });
    const { token } = name === 'API key' ? await person.apiKey() : person;
    this.principals.set(name, { side, token });
    this.keep(side, 'user', person.id);
  }
}

const isOfNobody = (name: string): boolean => ['cursor', 'refreshToken', 'token'].includes(name);

/** The kind of a record, by a segment of a path or the name of a field. */
function kind(name: string): string {
  for (const known of [() => kindsOf(`/${name}/:id`)[0]!, () => kindOf(name)])
    try {
      return known();
    } catch {
      // another way, or a name of its own
    }
  return name;
}

/** Whether a principal does not get any further as what it is meant to be. */
function isDead(name: PrincipalName, { headers }: Sent, { status, body }: Answer): boolean {
  if (name === 'anonymous' || (headers.authorization?.length !== undefined && !/^Bearer (ey|ncy8_.{9})/.test(headers.authorization)))
    return false;
  const { code, detail = '' } = (body ?? {}) as { code?: string; detail?: string };
  const isStripped =
    name !== 'Employee' && name !== 'lead' && name !== 'Manager' && code === 'forbidden' && detail.startsWith('Needs the permission');
  return (status === 401 && code === 'not_signed_in') || code === 'password_change_required' || isStripped;
}

const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** The request as one would send it by hand; tokens as variables of the shell. */
function curl({ method, url, headers, payload }: Sent, principal: PrincipalName): string {
  const named = Object.entries(headers).map(([name, value]) =>
    name === 'authorization' && /^Bearer (ey|ncy8_)/.test(value)
      ? `-H "authorization: Bearer $${PRINCIPALS.indexOf(principal) < 0 ? 'TOKEN' : principal.replaceAll(' ', '_').toUpperCase()}"`
      : `-H ${quote(`${name}: ${value}`)}`,
  );
  const body = payload === undefined ? [] : [`--data-raw ${quote(payload.toString().slice(0, 3000))}`];
  return ['curl -i -X', method, quote(`http://127.0.0.1:3000${url}`), ...named, ...body].join(' ');
}
