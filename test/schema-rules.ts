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

/** Who may have a policy that looks across companies; no login inherits one of them. */
const ACROSS_COMPANIES_ROLES = ['ncy8_backup', 'ncy8_sign_in'];

const isolation = (column: string) => `(${column} = (NULLIF(current_setting('app.company_id'::text, true), ''::text))::uuid)`;

/** What is wrong with a schema, in words: isolation in depth, and what a distributed PostgreSQL needs. */
export function schemaFaults({ tables }: Catalogue): string[] {
  const tenant = new Set(tables.filter(hasCompany).map(({ name }) => name));
  return tables.flatMap((table) => {
    const faults = hasCompany(table) ? tenantFaults(table, tenant) : globalFaults(table, tenant);
    return [...faults, ...table.constraints.flatMap(nameFaults)].map((fault) => `${table.name}: ${fault}`);
  });
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
    ...isolationFaults(table, '"companyId"'),
  ];
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

function isolationFaults({ rowSecurity, policies }: Table, column: string): string[] {
  return [
    ...(rowSecurity === 'forced' ? [] : [`row security is ${rowSecurity}, not forced`]),
    ...(policies.some(({ name }) => name === 'company_isolation') ? [] : ['has no policy company_isolation']),
    ...policies
      .filter((policy) => !isIsolation(policy, column) && !isDoor(policy))
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

const isDoor = ({ command, roles, check }: Policy): boolean =>
  command === 'SELECT' && check === null && roles.length === 1 && ACROSS_COMPANIES_ROLES.includes(roles[0]!);

/** 63 bytes are the limit, and a distributed table's shards append `_` and a number. */
function nameFaults({ name }: Constraint): string[] {
  return [
    ...(Buffer.byteLength(name) > 54 ? [`the name ${name} is longer than 54 bytes`] : []),
    ...(/_\d+$/.test(name) ? [`the name ${name} ends like a shard's`] : []),
  ];
}
