import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg, totalmem } from 'node:os';

/** Of one minute; above it something else was running when the benchmark began. */
const BUSY_LOAD = 0.5;

const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version;

/** What a measure ran with. Asked first before anything runs, so that the load is that of others. */
export function circumstances() {
  const isBusy = loadavg()[0] > BUSY_LOAD;
  return async ({ connect }) => {
    const client = await connect({ database: 'postgres' });
    const { rows } = await client.query('SHOW server_version');
    await client.end();
    return {
      date: new Date().toISOString().slice(0, 10),
      isBusy,
      machine: `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
      versions: {
        Node: process.versions.node,
        PostgreSQL: rows[0].server_version.split(' ')[0],
        ...Object.fromEntries(['fastify', 'pg', '@nestjs/core', 'typeorm'].map((name) => [name, versionOf(name)])),
      },
    };
  };
}
