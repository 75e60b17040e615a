// The yardstick: the same statement through fastify and pg alone, nobody signed in, named statement. `/list` with the driver's default types,
// as anybody would write it; `/tuned` leaves days and instants the text that PostgreSQL sends.
import Fastify from 'fastify';
import pg from 'pg';

const { BENCH_DATABASE, BENCH_STATEMENT, BENCH_VALUES } = process.env;
const pool = new pg.Pool({ ...JSON.parse(BENCH_DATABASE), max: 10 });
const values = JSON.parse(BENCH_VALUES);
const DATES = [pg.types.builtins.DATE, pg.types.builtins.TIMESTAMP, pg.types.builtins.TIMESTAMPTZ];
const text = (value) => value;
const types = { getTypeParser: (oid, format) => (DATES.includes(oid) ? text : pg.types.getTypeParser(oid, format)) };

const app = Fastify();
app.get('/list', async () => {
  const { rows } = await pool.query({ name: 'list', text: BENCH_STATEMENT, values });
  return { items: rows.slice(0, 50), nextCursor: null };
});
app.get('/tuned', async () => {
  const { rows } = await pool.query({ name: 'list', text: BENCH_STATEMENT, values, types });
  return { items: rows.slice(0, 50), nextCursor: null };
});
await app.listen({ port: 0, host: '127.0.0.1' });
process.send({ port: app.server.address().port });
