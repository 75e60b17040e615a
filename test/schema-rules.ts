import type { Catalogue, Constraint, Policy, Table } from '../apps/api/src/generate/catalogue.js';

/** The tables that belong to no company, and why. */
export const GLOBAL_TABLES: Record<string, string> = {
  companies: 'the companies themselves; isolated by id',
  user_statuses: 'the same for every company',
  sign_in_attempts: 'counted before the company is known, by HMACs',
  scheduled_jobs: 'a job runs for all companies',
  erased_companies: 'the company is gone',
  backup_snapshots: 'a dump holds all companies',
  migrations: "TypeORM's own",
};

/** Indexes that serve statements across companies. */
const ACROSS_COMPANIES = new Set([
  'users_email_idx', // sign-in
  'active_sessions_expires_idx',
  'one_time_tokens_expires_idx',
  'idempotency_keys_expires_idx',
]);

/** The policies that look across companies, besides the backup's; no login inherits their roles. */
const DOORS: Record<string, string> = {
  companies: 'sign_in_names_companies',
  users: 'sign_in_finds_accounts',
};

/** Ids without a foreign key, and why. */
const BARE_IDS: Record<string, string> = {
  createdByUserId: 'outlives the person',
  updatedByUserId: 'outlives the person',
  actorUserId: 'outlives the person',
  targetId: 'of a record of any table, which it outlives',
  historyId: 'outlives the line',
  'access_logs.userId': 'outlives the person',
  'audit_logs.userId': 'outlives the person',
  'timesheet_history.userId': 'outlives the person',
  'erasures.userId': 'tells of a person who is gone',
  'idempotency_keys.userId': 'goes soon, whoever it is of',
  'queued_mails.userId': 'goes when it was sent, whoever it is to',
};

/** Foreign keys that no index serves when their parent goes, and why. */
const UNSERVED: Record<string, string> = {
  'company_settings.ownerUserId': 'one row a company',
  'role_permissions.roleId': 'a role goes with its company only',
  'team_members.teamId': 'a team goes with its company only',
};

const isolation = (column: string) => `(${column} = (NULLIF(current_setting('app.company_id'::text, true), ''::text))::uuid)`;

/** What is wrong with a schema, in words: isolation in depth, and what a distributed PostgreSQL needs. */
export function schemaFaults({ tables, elsewhere }: Catalogue): string[] {
  const tenant = new Set(tables.filter(hasCompany).map(({ name }) => name));
  const faults = tables.flatMap((table) => {
    const own = hasCompany(table) ? tenantFaults(table, tenant) : globalFaults(table, tenant);
    return [...own, ...tableFaults(table), ...table.constraints.flatMap(nameFaults)].map((fault) => `${table.name}: ${fault}`);
  });
  return [...faults, ...elsewhere.map((name) => `${name}: is no table of the schema public: no row security of its own, no backup`)];
}

const hasCompany = (table: Table): boolean => table.columns.some(({ name }) => name === 'companyId');

const list = (columns: readonly (string | null)[]): string => columns.map((column) => column ?? '(expression)').join(', ');

function tenantFaults(table: Table, tenant: ReadonlySet<string>): string[] {
  const key = table.constraints.find(({ kind }) => kind === 'primary key');
  const required = table.columns.find(({ name }) => name === 'companyId')?.required;
  return [
    ...(required ? [] : ['"companyId" may be null']),
    ...(list(key?.columns ?? []) === 'companyId, id' ? [] : [`the primary key is (${list(key?.columns ?? [])})`]),
    ...table.indexes
      .filter(({ name, unique, columns }) => columns[0] !== 'companyId' && (unique || !ACROSS_COMPANIES.has(name)))
      .map(({ name }) => `${name} does not start with "companyId"`),
    ...(table.indexes.some(({ columns }) => columns[0] === 'companyId') ? [] : ['no index starts with "companyId"']),
    ...table.constraints
      .filter(({ kind, columns }) => kind === 'exclusion' && columns[0] !== 'companyId')
      .map(({ name }) => `${name} does not start with "companyId"`),
    ...(table.constraints.some(({ references }) => references?.table === 'companies') ? [] : ['no foreign key to companies']),
    ...table.constraints.flatMap((constraint) => foreignKeyFaults(constraint, tenant)),
    ...idFaults(table),
    ...isolationFaults(table, '"companyId"'),
  ];
}

function tableFaults({ unlogged, triggers, grants }: Table): string[] {
  return [
    ...(unlogged ? ['is unlogged'] : []),
    ...triggers.filter((text) => text.endsWith('(not enabled)')).map((text) => `the trigger ${text.split(' ')[2]} is not enabled`),
    ...grants.filter((line) => line.startsWith('PUBLIC ')).map((line) => `grants ${line}`),
    ...(grants.includes('ncy8_backup SELECT') ? [] : ['cannot be read by ncy8_backup']),
  ];
}

/** An id says whose: a key that holds it in the company, and an index by which its parent can go. */
function idFaults({ name: table, columns, constraints, indexes }: Table): string[] {
  const keys = constraints.filter(({ references }) => references).flatMap(({ columns: of }) => of);
  const serving = indexes.filter(({ definition }) => /^(?!.* WHERE )|WHERE \("?\w+"? IS NOT NULL\)$/.test(definition));
  return columns
    .filter(({ name, type }) => type === 'uuid' && name.endsWith('Id') && name !== 'companyId' && !(name in BARE_IDS))
    .flatMap(({ name }) => {
      const path = `${table}.${name}`;
      if (path in BARE_IDS) return [];
      if (!keys.includes(name)) return [`"${name}" has no foreign key and is not listed as a bare id`];
      const isServed = path in UNSERVED || serving.some(({ columns: of }) => of.slice(0, 2).includes(name));
      return isServed ? [] : [`no index serves the foreign key of "${name}"`];
    });
}

function globalFaults(table: Table, tenant: ReadonlySet<string>): string[] {
  return [
    ...(table.name in GLOBAL_TABLES ? [] : ['has no "companyId" and is not listed as global']),
    ...table.constraints
      .filter(({ references }) => references && tenant.has(references.table))
      .map(({ name }) => `${name} points from a global table into one of companies`),
    ...(table.name === 'companies' ? isolationFaults(table, 'id') : []),
  ];
}

/** A check of a foreign key sees through row security: one on the bare id would accept the record of another company. */
function foreignKeyFaults({ name, columns, references, deferrable }: Constraint, tenant: ReadonlySet<string>): string[] {
  if (!references) return [];
  const isComposite = columns.length === 2 && columns[0] === 'companyId' && list(references.columns) === 'companyId, id';
  const isSingle = columns.length === 1 && list(references.columns) === 'id';
  const hasForm = tenant.has(references.table) ? isComposite : isSingle;
  return [
    ...(hasForm ? [] : [`${name} points at ${references.table} (${list(references.columns)}) by (${list(columns)})`]),
    ...(['RESTRICT', 'NO ACTION', 'CASCADE'].includes(references.onDelete) ? [] : [`${name} is ON DELETE ${references.onDelete}`]),
    ...(references.onUpdate === 'NO ACTION' ? [] : [`${name} is ON UPDATE ${references.onUpdate}`]),
    ...(deferrable ? [`${name} is deferrable`] : []),
  ];
}

function isolationFaults({ name: table, rowSecurity, policies }: Table, column: string): string[] {
  return [
    ...(rowSecurity === 'forced' ? [] : [`row security is ${rowSecurity}, not forced`]),
    ...(policies.some(({ name }) => name === 'company_isolation') ? [] : ['has no policy company_isolation']),
    ...(policies.some(isBackup) ? [] : ['has no policy by which ncy8_backup sees its rows']),
    ...policies
      .filter((policy) => !isIsolation(policy, column) && !isBackup(policy) && !isDoor(policy, table))
      .map(({ name }) => `the policy ${name} is none of the known forms`),
  ];
}

const isIsolation = ({ name, command, permissive, roles, using, check }: Policy, column: string): boolean =>
  name === 'company_isolation' &&
  command === 'ALL' &&
  permissive &&
  roles.join() === 'public' &&
  using === isolation(column) &&
  check === isolation(column);

const reads = ({ command, permissive, roles, using, check }: Policy, role: string): boolean =>
  command === 'SELECT' && permissive && roles.join() === role && using === 'true' && check === null;

const isBackup = (policy: Policy): boolean => policy.name === 'backup_reads_all' && reads(policy, 'ncy8_backup');

const isDoor = (policy: Policy, table: string): boolean => policy.name === DOORS[table] && reads(policy, 'ncy8_sign_in');

/** 63 bytes are the limit, and a distributed table's shards append `_` and a number. */
function nameFaults({ name }: Constraint): string[] {
  return [
    ...(Buffer.byteLength(name) > 54 ? [`the name ${name} is longer than 54 bytes`] : []),
    ...(/_\d+$/.test(name) ? [`the name ${name} ends like a shard's`] : []),
  ];
}
