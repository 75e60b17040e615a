import type { Column, Table } from '../apps/api/src/generate/catalogue.js';

/** One value a type, for columns that need one. */
const VALUES: Record<string, unknown> = {
  uuid: '00000000-0000-4000-8000-000000000000',
  text: 'x',
  citext: 'x@example.com',
  'character varying': 'x',
  integer: 1,
  bigint: 1,
  boolean: true,
  date: '2026-03-02',
  'timestamp with time zone': '2026-03-02T08:00:00Z',
  jsonb: '{}',
  bytea: Buffer.from('x'),
};

/**
 * The columns of a row that the table takes when foreign keys are not looked at: what must not be null and has no default, with a value
 * that its CHECK names first.
 */
export function sampleRow(table: Table, companyId: string): Record<string, unknown> {
  const needed = table.columns.filter(({ name, required, value }) => required && value === null && name !== 'companyId');
  return { companyId, ...Object.fromEntries(needed.map((column) => [column.name, listed(table, column) ?? valueOf(table, column)])) };
}

function valueOf(table: Table, { name, type }: Column): unknown {
  const value = VALUES[type.replace(/\(.*/, '')];
  if (value === undefined) throw new Error(`${table.name}.${name}: no sample value for the type ${type}`);
  return type.startsWith('character varying(2)') ? 'DE' : value;
}

/** `CHECK ((status)::text = ANY (ARRAY['OPEN', ...]))` */
function listed({ constraints }: Table, { name }: Column): string | undefined {
  const check = constraints.find(({ kind, columns }) => kind === 'check' && columns.length === 1 && columns[0] === name);
  return /ARRAY\['([^']+)'/.exec(check?.definition ?? '')?.[1];
}

/** The statement that adds it. */
export function insertion(table: string, row: Record<string, unknown>): { text: string; values: unknown[] } {
  const names = Object.keys(row);
  return {
    text: `INSERT INTO ${table} (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
    values: Object.values(row),
  };
}
