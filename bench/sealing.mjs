import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';
import { cpuOf, cpuOfTree } from './cpu.mjs';
import { median, row, rounded } from './runs.mjs';

/** Of how many the hashes are made again; the others are of the same kind. */
const SAMPLE = 100_000;
const PAGE = 5000;
const PASSES = 5;

const name = 'sealing';
const title = 'Sealing the history';
const method = `
\`npm run job -- history-seals\` over a million lines of history of one company, none of them sealed, in a process of its own, beside SHA-256 alone:
the same three texts a line (facts, free text, link), caught on their way to \`crypto.hash\` for ${SAMPLE.toLocaleString('en')} lines and hashed again
with \`createHash\` and nothing around it; the job's own one-shot \`crypto.hash\` is told beside it. Their digests are compared with the seals.
CPU a line, of the job with its start and of PostgreSQL.`;

const FILL = `
  INSERT INTO timesheet_history ("companyId", "userId", "targetType", "targetId", action, "actorUserId", diff, metadata, "occurredAt")
  SELECT $1::uuid, $2::uuid, 'TimesheetEntry', gen_random_uuid(), 'created', $2::uuid,
         jsonb_build_object('day', j(to_jsonb(date '2025-01-01' + n % 365)), 'note', j(to_jsonb('What was done, number ' || n)), 'country', j('"DE"'),
           'timezone', j('"UTC"'), 'workMode', j('"remote"'), 'durationMin', j('120'), 'actionCodeId', j(to_jsonb(gen_random_uuid())),
           'startedAt', j(to_jsonb('2025-01-01T08:00:00Z'::text)), 'endedAt', j(to_jsonb('2025-01-01T10:00:00Z'::text))),
         jsonb_build_object('timesheetId', gen_random_uuid()), timestamptz '2025-01-01' + n * interval '30 seconds'
  FROM generate_series(1, $3::integer) n`;

/** The texts that a seal hashes, and whether their digests are those that were kept. */
async function textsOf(lines) {
  const texts = [];
  const { hash } = crypto;
  crypto.hash = (algorithm, text, encoding) => {
    texts.push(text);
    return hash(algorithm, text, encoding);
  };
  syncBuiltinESMExports();
  const { factsOf, freeTextOf, hashOf } = await import('../dist/libs/timesheets/src/history/seal-hashes.js');
  for (const { seal, line } of lines) {
    const isKept = factsOf(seal.factsSalt, line) === seal.facts && freeTextOf(seal.freeTextSalt, line) === seal.freeText && hashOf(seal) === seal.hash; // prettier-ignore
    if (!isKept) throw new Error(`the seal of ${line.id} is of other texts`);
  }
  crypto.hash = hash;
  syncBuiltinESMExports();
  return texts;
}

/** Microseconds a line of hashing alone: medians of a few passes, each over texts just made. */
async function hashingAlone(installation, lines) {
  const passes = [];
  for (let pass = 0; pass < PASSES; pass++) passes.push(await hashingOnce(installation, lines));
  const of = (figure) => median(passes.map((pass) => pass[figure]));
  return { alone: of('alone'), oneShot: of('oneShot'), bytes: of('bytes') };
}

async function hashingOnce(installation, lines) {
  const { statement } = await import('../dist/libs/core/src/database/statement.js');
  const client = await installation.connect({ database: 'sealing', options: '-c TimeZone=UTC' });
  let [alone, oneShot, bytes, done] = [0, 0, 0, 0];
  while (done < lines) {
    const { rows } = await client.query(
      statement(
        `SELECT to_jsonb(s) AS seal, h.id, h."userId", h."targetType", h."targetId", h.action, h."actorUserId", h.reason, h.diff, h.metadata, h."occurredAt"
         FROM timesheet_history_seals s JOIN timesheet_history h ON h."companyId" = s."companyId" AND h.id = s."historyId"
         WHERE s.sequence > $1 AND s.sequence <= $2 ORDER BY s.sequence`,
        [done, done + PAGE],
      ),
    );
    const texts = await textsOf(rows.map(({ seal, ...line }) => ({ seal, line })));
    alone += cpuOfEach(texts, (text) => crypto.createHash('sha256').update(text).digest('hex'));
    oneShot += cpuOfEach(texts, (text) => crypto.hash('sha256', text, 'hex'));
    bytes += texts.reduce((sum, text) => sum + text.length, 0);
    done += rows.length;
  }
  await client.end();
  return { alone: alone / done, oneShot: oneShot / done, bytes: bytes / done };
}

function cpuOfEach(texts, work) {
  const before = process.cpuUsage();
  for (const text of texts) work(text);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** What the processes took that this one has started. */
const ended = () => cpuOfTree(process.pid) - cpuOf(process.pid);

async function measure(installation, options) {
  const lines = options.size ? 50_000 : 1_000_000;
  await installation.copy('sealing', 'empty');
  const api = await installation.startApi('sealing', { JOBS: 'off' });
  const { company, user } = await api.signUp('sealed');
  await api.stop();
  const data = await installation.connect({ database: 'sealing' });
  await data.query(`CREATE FUNCTION pg_temp.j(after jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_build_object('before', NULL, 'after', after) $$`); // prettier-ignore
  await data.query(FILL.replaceAll(' j(', ' pg_temp.j('), [company.id, user.id, lines]);
  await data.query('VACUUM ANALYZE timesheet_history');

  await installation.autovacuum(true);
  const [app, db, began] = [ended(), cpuOfTree(installation.postmaster), performance.now()];
  const env = { ...process.env, ...installation.environment('sealing', 3000) };
  await promisify(execFile)(process.execPath, ['dist/server/job.js', 'history-seals'], { env });
  const seconds = (performance.now() - began) / 1000;
  const spent = { app: (ended() - app) / lines, db: (cpuOfTree(installation.postmaster) - db) / lines };
  await installation.autovacuum(false);
  const { rows } = await data.query('SELECT count(*)::integer AS sealed FROM timesheet_history_seals');
  await data.end();
  if (rows[0].sealed !== lines) throw new Error(`${rows[0].sealed} of ${lines} lines were sealed`);

  const { alone, oneShot, bytes } = await hashingAlone(installation, Math.min(lines, SAMPLE));
  await installation.drop('sealing');
  return [
    row(
      'SHA-256 alone',
      'itself',
      { 'application µs': rounded(alone, 1), 'one-shot µs': rounded(oneShot, 1), 'bytes hashed': Math.round(bytes) },
      1,
    ),
    row(
      'sealing a line',
      'SHA-256 alone',
      { 'application µs': rounded(spent.app, 1), 'PostgreSQL µs': rounded(spent.db, 1), 'lines/s': Math.round(lines / seconds) },
      (spent.app + spent.db) / alone,
      { atMost: 10 },
    ),
  ];
}

export default { name, title, method, measure };
