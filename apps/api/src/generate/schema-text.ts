import type { Catalogue, Column, Policy, Table } from './catalogue.js';

/** The schema to read and to compare: one block a table, deterministic. */
export function schemaText({ extensions, functions, tables }: Catalogue): string {
  const head = [
    'The schema, as the migrations make it. Written by `npm run docs` from the catalogue of the database.',
    'A `!` follows what must not be null. What the owner itself may do is not told.',
    `Extensions: ${extensions.join(', ')}`,
  ];
  return `${[head.join('\n'), ...tables.map(tableText), ...functions.map(functionText)].join('\n\n')}\n`;
}

function tableText(table: Table): string {
  const constraintNames = new Set(table.constraints.map(({ name }) => name));
  return [
    `table ${table.name}${table.rowSecurity === 'off' ? '' : `, row security ${table.rowSecurity}`}`,
    ...columnLines(table.columns),
    ...table.constraints.map(({ name, definition }) => `  constraint ${name} ${definition}`),
    ...table.indexes
      .filter(({ name }) => !constraintNames.has(name.replaceAll('"', '')))
      .map(({ definition }) => `  ${definition.replace(/^CREATE /, '').replace(/ ON public\.\S+ USING btree/, '')}`)
      .map(lowerFirstWords),
    ...table.policies.map(policyLine),
    ...table.triggers.map((definition) => `  ${definition.replace(/^CREATE TRIGGER/, 'trigger')}`),
    ...table.grants.map((line) => `  grant ${line}`),
  ].join('\n');
}

function columnLines(columns: Column[]): string[] {
  const width = Math.max(...columns.map(({ name }) => name.length));
  return columns.map(
    ({ name, type, required, value }) => `  ${name.padEnd(width)}  ${type}${required ? '!' : ''}${value === null ? '' : ` = ${value}`}`,
  );
}

const lowerFirstWords = (line: string): string => line.replace(/^ {2}(UNIQUE )?INDEX/, (words) => words.toLowerCase());

function policyLine({ name, command, permissive, roles, using, check }: Policy): string {
  const parts = [`  policy ${name} for ${command}`, `to ${roles.join(', ')}`, using && `using ${using}`, check && `check ${check}`];
  return [...parts, permissive ? '' : 'restrictive'].filter(Boolean).join(' ');
}

function functionText({ definition, runsAs, grants }: Catalogue['functions'][number]): string {
  const lines = definition.replace(/^CREATE OR REPLACE FUNCTION public\./, 'function ').split('\n');
  const rights = runsAs === null ? [] : [`  runs as ${runsAs}`];
  return [...lines.map((line) => line.trimEnd()), ...rights, ...grants.map((line) => `  grant ${line}`)].join('\n');
}
