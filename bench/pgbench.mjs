import { execFile } from 'node:child_process';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { prepareValue } from 'pg/lib/utils.js';
import { cpuOfTree } from './cpu.mjs';

const CLIENTS = 8;
const SETTINGS = '-c TimeZone=UTC -c DateStyle=ISO -c plan_cache_mode=force_generic_plan';

/** The newest pgbench of the system; the embedded packages bring none. */
export const pgbenchProgram = () => globSync('/usr/lib/postgresql/*/bin/pgbench').toSorted().at(-1);

/**
 * Puts the values of recorded transactions into a table, and writes what they have in common as a script: statements that did not wait for each
 * other go in one pipeline. A transaction's values are fetched first, one row by its key, which `values` alone measures.
 * @param recorded transactions of the same statements, `[[{ text, values, group }]]`
 */
export async function asScript(installation, database, recorded) {
  const statements = recorded[0];
  const table = recorded.map((sent) => sent.flatMap(({ values }) => values.map((value) => prepareValue(value) ?? null)));
  const columns = table[0].map((_, column) => `v${column}`);
  const isNull = (column) => table.some((line) => line[column] === null);
  const data = await installation.connect({ database });
  await data.query(`CREATE TABLE recorded (n integer PRIMARY KEY, ${columns.map((name) => `${name} text`).join(', ')})`);
  for (let from = 0; from < table.length; from += 500) {
    const lines = table.slice(from, from + 500).map((line, index) => Object.fromEntries([['n', from + index], ...line.map((value, column) => [columns[column], value])])); // prettier-ignore
    await data.query('INSERT INTO recorded SELECT * FROM jsonb_populate_recordset(NULL::recorded, $1::jsonb)', [JSON.stringify(lines)]);
  }
  await data.query(`GRANT SELECT ON recorded TO ${installation.application.user}`);
  await data.query('VACUUM ANALYZE recorded');
  await data.end();

  const place = (column) => (isNull(column) ? 'NULL' : `:v${column}`);
  let column = 0;
  const texts = statements.map(({ text, values, group }) => {
    if (/[^:]:[A-Za-z_]/.test(text)) throw new Error(`pgbench would take a part of this for a variable: ${text}`);
    const first = column;
    column += values.length;
    return { group, sql: `${text.replaceAll(/\$(\d+)/g, (_, n) => place(first + Number(n) - 1)).trim()};` };
  });
  const values = [
    '\\set n :base + :client_id + :i * ' + CLIENTS,
    '\\set i :i + 1',
    `SELECT ${columns.join(', ')} FROM recorded WHERE n = :n \\gset`,
  ];
  const groups = Object.values(Object.groupBy(texts, ({ group }) => group)).map((group) => group.map(({ sql }) => sql));
  const script = groups.flatMap((group) => (group.length > 1 ? ['\\startpipeline', ...group, '\\endpipeline'] : group));
  const files = { values: join(installation.dir, 'values.sql'), whole: join(installation.dir, 'whole.sql') };
  writeFileSync(files.values, `${values.join('\n')}\n`);
  writeFileSync(files.whole, `${[...values, ...script].join('\n')}\n`);
  let base = 0;
  /** @returns microseconds of PostgreSQL for `each` transactions a client */
  const run = async (file, each) => {
    const before = cpuOfTree(installation.postmaster);
    const { address, application } = installation;
    const args = ['-n', '-M', 'prepared', '-c', CLIENTS, '-j', 1, '-t', each, '-D', `base=${file === files.whole ? base : 0}`, '-D', 'i=0', '-f', file, '-h', address.host, '-p', address.port, '-U', application.user, database]; // prettier-ignore
    const env = { ...process.env, PGPASSWORD: application.password, PGOPTIONS: SETTINGS };
    const { stdout } = await promisify(execFile)(pgbenchProgram(), args.map(String), { env });
    if (!stdout.includes(`${CLIENTS * each}/${CLIENTS * each}`)) throw new Error(`pgbench: ${stdout}`);
    if (file === files.whole) base += CLIENTS * each;
    return cpuOfTree(installation.postmaster) - before;
  };
  /** What comes with connecting and preparing goes away between a short and a long run, and the fetching of values is taken off. */
  const perTransaction = async (each, short) => {
    const slope = async (file) => {
      const begun = await run(file, short);
      return ((await run(file, short + each)) - begun) / (each * CLIENTS);
    };
    return (await slope(files.whole)) - (await slope(files.values));
  };
  return { perTransaction, CLIENTS };
}

/** How many transactions {@link asScript}'s `perTransaction` uses up. */
export const used = (each, short) => (2 * short + each) * CLIENTS;
