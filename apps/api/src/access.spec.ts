import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cast, kindOf, kindsOf, PERSONAL, unknownId, withIds } from '../../../test/access-matrix.js';
import type { Ids, Kind, Principal } from '../../../test/access-matrix.js';
import { ApiDocument, withValue } from '../../../test/api-document.js';
import type { Body } from '../../../test/api-document.js';
import type { Answer, Client } from '../../../test/client.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { routesOf } from './routes.js';
import type { Route } from './routes.js';

let server: TestServer;
let document: ApiDocument;
let routes: Route[];
let ours: Cast;
let theirs: Cast;
let principals: Principal[];

beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_PER_MINUTE: '0' });
  [document, ours, theirs] = await Promise.all([ApiDocument.of(server.anybody), Cast.of(server), Cast.of(server)]);
  routes = routesOf(server.app);
  principals = await ours.principals(theirs.admin);
});
afterAll(() => server.stop());

/** What no route knows: whoever gets past the guards with it is told 400 and has changed nothing. */
const PROBE = { probe: true };

const isWrite = ({ method }: Route): boolean => ['POST', 'PUT', 'PATCH'].includes(method);
const inWords = ({ method, path }: Route): string => `${method} ${path}`;

function ask(client: Client, { method, path }: Route, ids: string[], body?: Body, query = ''): Promise<Answer> {
  return client.send(method as 'GET', withIds(path, ids) + query, body);
}

/** The answer without what tells one request from another. */
const comparable = ({ status, body }: Answer) => ({ status, body: { ...body, instance: undefined, requestId: undefined } });

/** The permissions of which the route needs one (of a declared list all) for records of others; null where every signed-in user gets past the guards. */
function neededFor(route: Route): readonly string[] | null {
  const { access } = route;
  if (access?.kind === 'permission') return [...access.permissions];
  return access?.kind === 'own' && access.guarded ? access.or : null;
}

/** What the declaration of a route says to somebody: refused with a status and a code, or let through. */
function declared(route: Route, { holds, isKey, mustChangePassword }: Principal): string {
  const { access } = route;
  if (!access) return 'declared';
  if (access.kind === 'public') return 'through';
  if (!holds) return '401 not_signed_in';
  if (mustChangePassword && !(access.kind === 'own' && access.whileChangingPassword)) return '403 password_change_required';
  const needed = neededFor(route);
  const has = (permission: string) => (holds as readonly string[]).includes(permission);
  const lacks = needed !== null && !(access.kind === 'permission' ? needed.every(has) : needed.some(has));
  return (access.sessionOnly && isKey) || lacks ? '403 forbidden' : 'through';
}

/** What was answered, in the same words. Nothing was read or changed: the ids are unknown, the bodies not valid. */
function answered(route: Route, { status, body }: Answer): string {
  const isThrough = status === 400 || status === 404 || (status < 300 && route.method === 'GET');
  return isThrough ? 'through' : `${status} ${body.code}`;
}

/** What is open to everybody. */
const PUBLIC = [
  'GET /api/v1/leave-calendar.ics',
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'POST /api/v1/auth/invitations/accept',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/password/forgot',
  'POST /api/v1/auth/password/reset',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/companies',
];

/** What is open to who must change the password, besides. */
const TO_CHANGE_IT = [
  'GET /api/v1/me',
  'PATCH /api/v1/me',
  'POST /api/v1/auth/logout',
  'POST /api/v1/auth/logout-all',
  'POST /api/v1/auth/password/change',
];

describe('every route to everybody', () => {
  it('answers as it declares', async () => {
    const wrong: string[] = [];
    for (const route of routes)
      for (const principal of principals) {
        const ids = kindsOf(route.path).map(unknownId);
        const got = answered(route, await ask(principal.client, route, ids, isWrite(route) ? PROBE : undefined));
        const due = declared(route, principal);
        if (got !== due) wrong.push(`${inWords(route)} to ${principal.name}: ${got}, not ${due}`);
      }
    process.stderr.write(`access: ${routes.length} routes x ${principals.length} principals = ${routes.length * principals.length}\n`);
    expect(wrong).toEqual([]);
  });

  it('is closed while the password must be changed, but for these', async () => {
    const { client } = principals.find(({ mustChangePassword }) => mustChangePassword)!;
    const open: string[] = [];
    for (const route of routes) {
      const ids = kindsOf(route.path).map(unknownId);
      const { body } = await ask(client, route, ids, isWrite(route) ? PROBE : undefined);
      if (body.code !== 'password_change_required') open.push(inWords(route));
    }
    expect(open.toSorted()).toEqual([...PUBLIC, ...TO_CHANGE_IT].toSorted());
  });
});

/** Paths with other ids in their parameters: each alone, the rest the caller's own; and all of them. */
function placings(path: string, own: Ids, alien: (kind: Kind) => string): string[][] {
  const kinds = kindsOf(path);
  const alone = kinds.map((_, at) => kinds.map((kind, index) => (index === at ? alien(kind) : own[kind])));
  return kinds.length > 1 ? [...alone, kinds.map(alien)] : alone;
}

/** Valid in all but the ids of the path, so that it would do something if they were taken. */
function validBody(route: Route, own: Ids): Body | undefined {
  const operation = document.operation(route);
  return operation && document.body(operation, (name) => own[kindOf(name)]);
}

/** The routes that take the ids of records that the caller must not know of, and answer otherwise than for unknown ones. */
async function betrayals(list: Route[], client: Client, own: Ids, alien: (kind: Kind) => string, owner: Cast): Promise<string[]> {
  const found: string[] = [];
  let before = await owner.rows();
  for (const route of list) {
    const body = validBody(route, own);
    const query = requiredQuery(route);
    const unknown = placings(route.path, own, unknownId);
    for (const [at, ids] of placings(route.path, own, alien).entries()) {
      const got = comparable(await ask(client, route, ids, body, query));
      const due = comparable(await ask(client, route, unknown[at]!, body, query));
      if (got.status !== 404 || JSON.stringify(got) !== JSON.stringify(due))
        found.push(`${inWords(route)} (${at}): ${got.status} ${got.body.code}, unknown: ${due.status} ${due.body.code}`);
    }
    const after = await owner.rows();
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      found.push(`${inWords(route)} changed ${after.filter((row) => !before.includes(row)).join(', ')}`);
      before = after;
    }
  }
  return found;
}

const takesIds = ({ path, access }: Route): boolean => path.includes(':') && access?.kind !== 'public';

const takesFields = (route: Route): boolean => isWrite(route) && route.access?.kind !== 'public';

/** The parameters that a route cannot do without. */
function requiredQuery(route: Route): string {
  const needed = document.operation(route)?.parameters?.filter((parameter) => parameter.in === 'query' && parameter.required) ?? [];
  const query = new URLSearchParams(needed.map(({ name, schema }) => [name, String(schema.example)])).toString();
  return query && `?${query}`;
}

describe('a cursor that no list gave', () => {
  it('is told before a record that is not there', async () => {
    const lists = routes.filter((route) => document.operation(route)?.parameters?.some(({ name }) => name === 'cursor'));
    expect(lists.filter(takesIds).length).toBeGreaterThan(3);
    const wrong: string[] = [];
    for (const route of lists) {
      const query = `${requiredQuery(route)}&cursor=abc`.replace(/^&/, '?');
      const { status, body } = await ask(ours.admin, route, kindsOf(route.path).map(unknownId), undefined, query);
      if (status !== 400 || body.errors?.[0]?.pointer !== '/cursor') wrong.push(`${inWords(route)}: ${status} ${body.code}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('a record of another company', () => {
  it('is as unknown to its Admin as one that is not there, and stays as it is', async () => {
    const list = routes.filter(takesIds);
    expect(list.length).toBeGreaterThan(30);
    expect(await betrayals(list, theirs.admin, theirs.ids, (kind) => ours.ids[kind], ours)).toEqual([]);
  });

  it('cannot be named in a body', async () => {
    const wrong: string[] = [];
    let fields = 0;
    const before = await ours.rows();
    for (const route of routes.filter(takesFields)) {
      const operation = document.operation(route);
      const schema = operation && document.bodySchema(operation);
      for (const { pointer, name } of schema ? document.idFields(schema) : []) {
        fields++;
        const send = async (id: string) => {
          const body = withValue(validBody(route, theirs.ids)!, pointer, id);
          return comparable(await ask(theirs.admin, route, placings(route.path, theirs.ids, (kind) => theirs.ids[kind])[0] ?? [], body));
        };
        const [got, due] = [await send(ours.ids[kindOf(name)]), await send(unknownId())];
        const errors = (got.body.errors ?? []) as { pointer: string }[];
        const isRefused = got.status === 400 && got.body.code === 'unknown_reference' && errors.some((error) => error.pointer === pointer);
        if (!isRefused || JSON.stringify(got) !== JSON.stringify(due))
          wrong.push(`${inWords(route)} ${pointer}: ${JSON.stringify(got)}, unknown: ${JSON.stringify(due)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(fields).toBeGreaterThan(10);
    expect(await ours.rows()).toEqual(before);
  });

  it('is found by no filter', async () => {
    const wrong: string[] = [];
    let filters = 0;
    for (const route of routes.filter(({ method, path }) => method === 'GET' && !path.includes(':')))
      for (const { name, schema, ...parameter } of document.operation(route)?.parameters ?? []) {
        if (parameter.in !== 'query' || schema.format !== 'uuid') continue;
        filters++;
        const find = async (id: string) => {
          const query = requiredQuery(route);
          const { status, body } = await ask(theirs.admin, route, [], undefined, `${query}${query ? '&' : '?'}${name}=${id}`);
          return status === 200 ? body.items.length : status;
        };
        const [alien, own] = [await find(ours.ids[kindOf(name)]), await find(theirs.ids[kindOf(name)])];
        if (alien !== 0 || own === 0) wrong.push(`${inWords(route)} ?${name}=: ${alien} of theirs, ${own} of one's own`);
      }
    expect(wrong).toEqual([]);
    expect(filters).toBeGreaterThan(10);
  });
});

/** The routes of records that belong to people, where not a permission but a policy decides. */
const isPersonal = (route: Route): boolean => takesIds(route) && PERSONAL.includes(kindsOf(route.path)[0]!);

describe("a colleague's record", () => {
  it.each(['otherLead', 'colleague'] as const)('is as unknown to %s as one that is not there, and stays as it is', async (who) => {
    const list = routes.filter(isPersonal);
    expect(list.length).toBeGreaterThan(10);
    expect(await betrayals(list, ours[who], { ...ours.ids, ...ours.others }, (kind) => ours.ids[kind], ours)).toEqual([]);
  });

  it('is there for its owner, the lead and who holds the permission', async () => {
    const list = routes.filter((route) => route.method === 'GET' && isPersonal(route));
    for (const route of list)
      for (const who of ['member', 'lead', 'manager', 'admin'] as const)
        expect([inWords(route), who, (await ask(ours[who], route, [ours.ids[kindsOf(route.path)[0]!]])).status]).toEqual([
          inWords(route),
          who,
          200,
        ]);
  });
});

/** Tell by design every colleague something of everybody. */
const OPEN_LISTS = ['GET /api/v1/absences'];

/** What a list needs to tell the people that are in it, and all of them. */
const PEOPLE_QUERY: Record<string, string> = {
  'GET /api/v1/reports/time': 'groupBy=user',
  'GET /api/v1/timesheet-approvals': 'status=APPROVED',
  'GET /api/v1/absences': 'from=2026-03-02&to=2026-03-08',
  'GET /api/v1/reports/missing': 'from=2026-03-02&to=2026-03-08',
};

function isListOfPeople(route: Route): boolean {
  const operation = document.operation(route);
  const fields = (operation && document.itemFields(operation)) ?? [];
  const isList = fields.some((name) => ['userId', 'timesheetId', 'user'].includes(name));
  return isList && route.access?.kind === 'own' && !route.path.includes(':') && !OPEN_LISTS.includes(inWords(route));
}

/** Lists of records of people: one finds one's own and those of led people, and whose permission reaches further everybody's. */
describe('a list of what belongs to people', () => {
  let lists: Route[];
  /** By the id of the timesheet. */
  let owners: Map<string, string>;

  beforeAll(async () => {
    const sheets = await server.sql<{ id: string; userId: string }>('SELECT id, "userId" FROM timesheets');
    owners = new Map(sheets.map(({ id, userId }) => [id, userId]));
    lists = routes.filter(isListOfPeople);
  });

  /** Whose records somebody finds, each once. */
  async function people(route: Route, client: Client, filter = ''): Promise<string[]> {
    const query = [PEOPLE_QUERY[inWords(route)], filter].filter(Boolean).join('&');
    const { status, body } = await ask(client, route, [], undefined, query && `?${query}`);
    if (status !== 200) throw new Error(`${inWords(route)}?${query}: ${JSON.stringify(body)}`);
    const items = body.items as { userId?: string; user?: { id: string }; timesheetId?: string }[];
    return [...new Set(items.map((item) => item.userId ?? item.user?.id ?? owners.get(item.timesheetId!)!))].toSorted();
  }

  /** Asks each list that knows the filter. @returns what it finds of others than those that it should */
  async function surprises(caller: Client, filter: string, due: { id: string }[]): Promise<string[]> {
    const name = filter.split('=', 1)[0]!;
    const knowing = lists.filter((route) => document.operation(route)!.parameters?.some((parameter) => parameter.name === name));
    if (knowing.length === 0) return [`no list knows ${name}`];
    const wrong = await Promise.all(
      knowing.map(async (route) => {
        const found = await people(route, caller, filter);
        const isDue = JSON.stringify(found) === JSON.stringify(due.map(({ id }) => id).toSorted());
        return isDue ? [] : [`${inWords(route)}?${filter}: ${found.join(', ') || 'nobody'}`];
      }),
    );
    return wrong.flat();
  }

  it('is one of these', () => {
    const known = ['reports/time', 'timesheet-approvals', 'timesheet-entries', 'timesheet-history', 'timesheets'];
    expect(lists.map(inWords)).toEqual(expect.arrayContaining(known.map((path) => `GET /api/v1/${path}`)));
  });

  it('holds those that the caller may read', async () => {
    const { member, lead, otherLead, colleague, manager, admin } = ours;
    const everybody = [member, lead, otherLead, colleague];
    const due = [
      [member, [member]],
      [lead, [lead, member]],
      [otherLead, [otherLead, colleague]],
      [colleague, [colleague]],
      [manager, everybody],
      [admin, everybody],
    ] as const;
    for (const route of lists) {
      for (const [caller, those] of due) {
        const found = await people(route, caller);
        const wanted = those.map(({ id }) => id).toSorted();
        // who has no record at all is missing too
        const isMore = those === everybody && route.path.endsWith('/reports/missing');
        expect([inWords(route), isMore ? found.filter((id) => wanted.includes(id)) : found]).toEqual([inWords(route), wanted]);
      }
      const foreign = await people(route, theirs.admin);
      expect(everybody.filter(({ id }) => foreign.includes(id))).toEqual([]);
    }
  });

  it('finds nothing of others by a filter', async () => {
    const { member, lead, otherLead, colleague, ids, others } = ours;
    const tries = [
      [member, `userId=${lead.id}`],
      [member, `userId=${colleague.id}`],
      [member, `teamId=${others.team}`],
      [colleague, `userId=${member.id}`],
      [colleague, `teamId=${ids.team}`],
      [colleague, `timesheetId=${ids.timesheet}`],
      [otherLead, `userId=${member.id}`],
      [otherLead, `actorUserId=${member.id}`],
      [otherLead, `targetId=${ids.timesheet}`],
      [otherLead, `teamId=${ids.team}`],
      [otherLead, `timesheetId=${ids.timesheet}`],
      [otherLead, `approverId=${lead.id}`],
      [lead, `userId=${colleague.id}`],
      [lead, `teamId=${others.team}`],
    ] as const;
    const wrong = await Promise.all(tries.map(([caller, filter]) => surprises(caller, filter, [])));
    expect(wrong.flat()).toEqual([]);
  });

  it('finds those of led people by the same filters', async () => {
    const { member, lead, ids } = ours;
    expect([
      ...(await surprises(lead, `userId=${member.id}`, [member])),
      ...(await surprises(lead, `teamId=${ids.team}`, [lead, member])),
      ...(await surprises(lead, `timesheetId=${ids.timesheet}`, [member])),
      ...(await surprises(lead, `approverId=${lead.id}`, [member])),
      ...(await surprises(lead, `actorUserId=${member.id}`, [member])),
      ...(await surprises(lead, `targetId=${ids.timesheet}`, [member])),
    ]).toEqual([]);
  });
});
