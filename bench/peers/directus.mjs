// Directus on a copy of the database, since it puts tables of its own beside ours and takes no key of two columns.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { run, runToEnd, SECRET } from './server.mjs';

const ADMIN = { email: 'admin@example.com', password: 'correct horse battery staple' };
const PASSWORD = 'another correct horse battery';

/** Id and nothing else is the key, as Directus wants it; the indexes of ours stay. */
const SINGLE_KEYS = `
  ALTER TABLE timesheet_entries DROP CONSTRAINT "timesheet_entries_actionCodeId_fkey";
  ALTER TABLE timesheet_entries DROP CONSTRAINT timesheet_entries_pkey, ADD CONSTRAINT timesheet_entries_company_unique UNIQUE ("companyId", id);
  ALTER TABLE timesheet_entries ADD PRIMARY KEY (id);
  ALTER TABLE action_codes DROP CONSTRAINT action_codes_pkey, ADD CONSTRAINT action_codes_company_unique UNIQUE ("companyId", id);
  ALTER TABLE action_codes ADD PRIMARY KEY (id);
  ALTER TABLE timesheet_entries ADD FOREIGN KEY ("actionCodeId") REFERENCES action_codes (id)`;

const FIELDS = 'id,userId,timesheetId,taskId,workMode,country,startedAt,endedAt,timezone,durationMin,day,note,createdAt,updatedAt,version';
const LIST = 'limit=50&sort=day,startedAt,id&filter[deletedAt][_null]=true';

/**
 * @param release with `filter`, part of a query, what keeps companies apart: empty where the permission does
 * @returns {import('./main.mjs').Peer}
 */
function directus({ name, release, goal, permissions, filter }) {
  const copy = `directus_${release}`;
  const cli = join(import.meta.dirname, `directus-${release}/node_modules/directus/cli.js`);
  return {
    name,
    folder: join(import.meta.dirname, `directus-${release}`),
    goal,
    copy,
    async start({ superuser, people }) {
      const { host, port, user, password } = superuser;
      const database = new pg.Client({ ...superuser, database: copy });
      await database.connect();
      await database.query(SINGLE_KEYS);
      await database.end();
      const env = {
        DB_CLIENT: 'pg',
        DB_HOST: host,
        DB_PORT: String(port),
        DB_DATABASE: copy,
        DB_USER: user,
        DB_PASSWORD: password,
        DB_POOL__MIN: '0',
        DB_POOL__MAX: '10',
        SECRET,
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
        ACCESS_TOKEN_TTL: '1h',
        LOG_LEVEL: 'error',
        SERVE_APP: 'false',
        TELEMETRY: 'false',
        PRESSURE_LIMITER_ENABLED: 'false', // it would refuse part of the load
      };
      const cwd = mkdtempSync(join(tmpdir(), 'ncy8-directus-')); // it makes folders there
      process.once('exit', () => rmSync(cwd, { recursive: true, force: true }));
      await runToEnd(cli, env, { args: ['bootstrap'], cwd });
      const server = await run(cli, env, { args: ['start'], cwd });
      const tokens = await setUp(await administrator(server.port), people.slice(0, 2), permissions);
      const ask = ({ companyId }, fields) => ({
        path: `/items/timesheet_entries?${LIST}${filter(companyId)}&fields=${FIELDS},${fields}`,
        headers: { authorization: `Bearer ${tokens.get(companyId)}` },
        rows: ({ data }) => data,
      });
      return {
        ...server,
        entries: (person) => ask(person, 'actionCodeId'),
        withActionCode: (person) => ({
          ...ask(person, 'actionCodeId.id,actionCodeId.code,actionCodeId.name'),
          rows: ({ data }) => data.map(({ actionCodeId: actionCode, ...row }) => ({ ...row, actionCode, actionCodeId: actionCode.id })),
        }),
      };
    },
  };
}

async function administrator(port) {
  const post = async (path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text.slice(0, 1000)}`);
    return JSON.parse(text).data;
  };
  const signIn = async (credentials) => (await post('/auth/login', credentials)).access_token;
  const token = await signIn(ADMIN);
  return { post: (path, body) => post(path, body, token), signIn };
}

/** A field for the company of a user, a role that may read both tables, a user of it in each company. @returns access tokens by company */
async function setUp({ post, signIn }, people, permissions) {
  await post('/fields/directus_users', { field: 'companyId', type: 'uuid', meta: {}, schema: {} });
  const policy = await post('/policies', { name: 'employee', app_access: false, admin_access: false });
  for (const collection of ['timesheet_entries', 'action_codes']) {
    await post('/permissions', { policy: policy.id, collection, action: 'read', fields: ['*'], permissions });
  }
  const role = await post('/roles', { name: 'employee', policies: [{ policy: policy.id }] });
  const tokens = new Map();
  for (const { companyId } of people) {
    const email = `${companyId}@example.com`;
    await post('/users', { email, password: PASSWORD, role: role.id, companyId });
    tokens.set(companyId, await signIn({ email, password: PASSWORD }));
  }
  return tokens;
}

/** Its permissions keep the companies apart, by a field of the user. */
export const directus11 = directus({
  name: 'Directus 11, permission on the company',
  release: 11,
  goal: 15,
  permissions: { companyId: { _eq: '$CURRENT_USER.companyId' } },
  filter: () => '',
});

/** Without a licence it refuses such permissions (`custom_permission_rules_enabled`): the client names the company. */
export const directus12 = directus({
  name: 'Directus 12, filter on the company',
  release: 12,
  goal: 9,
  permissions: {},
  filter: (companyId) => `&filter[companyId][_eq]=${companyId}`,
});
