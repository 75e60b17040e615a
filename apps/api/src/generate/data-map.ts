import type { ColumnErasure } from '#core';
import type { MappedColumn } from '#gdpr';

/** docs/data-map.md */
export function dataMapText(columns: MappedColumn[]): string {
  const tables = Object.entries(Object.groupBy(columns, ({ table }) => table));
  return `# Data map

Written by \`npm run docs\` from what each column declares (GDPR Art. 30). \`whose\` is the column of the same table that names the person,
or the record of theirs that the value is about; \`erasure\` is what anonymisation does to the value; \`retention\` is the clock that ends the row, \`record\`
that of an id which a purge of its person leaves, naming nobody any more. Columns that tell nothing about a person are only named; so are
those that name no one person of their table: titles and descriptions of tasks, which are the company's words about its work and stay whoever does it;
the states of leave, timesheets and decisions, which are told both to whose they are and to who decided; the bare ids in the ledger of erasures, by
which a restore erases again; the keys of counted sign-in failures, an HMAC for 25 hours.

${tables.map(([table, list = []]) => tableText(table, list)).join('\n\n')}
`;
}

function erasureText(erasure: ColumnErasure | undefined): string {
  if (typeof erasure !== 'object') return erasure ?? '';
  if ('blank' in erasure) return `takes ${erasure.blank.map((name) => `\`${name}\``).join(', ')} out`;
  return `replaced with "${erasure.replaceWith}"`;
}

function tableText(table: string, columns: MappedColumn[]): string {
  const personal = columns.filter(({ kind }) => kind !== 'none');
  const others = columns.filter(({ kind }) => kind === 'none').map(({ column }) => `\`${column}\``);
  const rows = personal.map(
    ({ column, kind, whose, purpose, erasure, retention }) =>
      `| \`${column}\` | ${kind} | \`${whose}\` | ${purpose} | ${erasureText(erasure)} | ${retention} |`,
  );
  const head = ['| column | kind | whose | purpose | erasure | retention |', '| --- | --- | --- | --- | --- | --- |'];
  return [`## ${table}`, '', ...(rows.length > 0 ? [...head, ...rows, ''] : []), `Not personal: ${others.join(', ') || 'nothing'}.`].join(
    '\n',
  );
}
