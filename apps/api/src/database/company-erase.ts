import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { ConfigError, isId, isRetryable, removeMailFiles } from '#core';
import type { Config, DatabaseAddress } from '#core';
import { appendLines, ledgerFile } from '#gdpr';
import { refuseUnwritable } from '../refuse-unwritable.js';
import { asOwner } from './as-owner.js';

const TABLES = `
  SELECT c.relname AS name, ARRAY(
    SELECT DISTINCT k.confrelid::regclass::text FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid
  ) AS parents
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'companyId' AND NOT a.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname`;

const ATTEMPTS = 4;

interface Erased {
  /** The rows that went, by table. */
  counts: Record<string, number>;
  userIds: string[];
}

/**
 * Removes a company with all that is its, in one transaction of the owner of the database; what is left is one line of proof.
 * @param ask what is typed when the name is asked for
 * @returns the rows that went, by table
 * @throws ConfigError for an unknown company, another name, a legal hold, a ledger that cannot be written
 */
export async function eraseCompany(
  owner: DatabaseAddress,
  config: Pick<Config, 'dataDir' | 'backupDir' | 'smtpUrl'>,
  id: string,
  ask: (name: string) => Promise<string>,
): Promise<Record<string, number>> {
  if (!isId(id)) throw new ConfigError([`"${String(id)}" is no id of a company`]);
  await refuseUnwritable(config); // the ledger is written when all is gone
  return asOwner(owner, async (client) => {
    const company = new CompanyErasure(client, id.toLowerCase());
    const name = await company.name();
    // Asked outside every transaction: it may take its time.
    if ((await ask(name)).trim() !== name.trim()) throw new ConfigError(['That is not its name: nothing was erased']);
    const { counts, userIds } = await company.erase();
    await appendLines(ledgerFile(config), [{ companyId: id.toLowerCase(), kind: 'company', erasedAt: new Date().toISOString() }]);
    await removeMailFiles(config, new Set(userIds)); // what it leaves the server's job removes
    return counts;
  });
}

class CompanyErasure {
  constructor(
    private readonly client: Client,
    private readonly id: string,
  ) {}

  async name(): Promise<string> {
    await this.enter();
    const { rows } = await this.client.query<{ name: string }>('SELECT name FROM companies WHERE id = $1', [this.id]);
    await this.client.query('COMMIT');
    if (!rows[0]) throw new ConfigError([`There is no company ${this.id}`]);
    return rows[0].name;
  }

  /** Anew, a few times, when the database chose it as the victim of a deadlock: requests lock users first, and add rows to the company then. */
  async erase(): Promise<Erased> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.removeAll();
      } catch (error) {
        if (!isRetryable(error) || attempt >= ATTEMPTS) throw error;
        await this.client.query('ROLLBACK');
      }
    }
  }

  private async removeAll(): Promise<Erased> {
    await this.enter();
    // Every row of a company needs its row there: from here on none is added.
    await this.client.query('SELECT 1 FROM companies WHERE id = $1 FOR UPDATE', [this.id]);
    await this.refuseHolds();
    await this.client.query(`SET LOCAL app.erased_company = '${this.id}'`); // lets the owner, and nobody else, delete its history
    const users = await this.client.query<{ id: string }>('SELECT id FROM users WHERE "companyId" = $1', [this.id]);
    const counts: Record<string, number> = {};
    for (const table of await this.tables()) {
      const { rowCount } = await this.client.query(`DELETE FROM ${this.client.escapeIdentifier(table)} WHERE "companyId" = $1`, [this.id]);
      counts[table] = rowCount ?? 0;
    }
    const { rowCount } = await this.client.query('DELETE FROM companies WHERE id = $1', [this.id]);
    counts.companies = rowCount ?? 0;
    await this.client.query('INSERT INTO erased_companies (id, "erasedAt", "erasedBy", counts) VALUES ($1, now(), session_user, $2)', [
      this.id,
      JSON.stringify(counts),
    ]);
    await this.client.query('COMMIT');
    return { counts, userIds: users.rows.map((user) => user.id) };
  }

  private async enter(): Promise<void> {
    await this.client.query('BEGIN');
    await this.client.query('SELECT enter_company($1, NULL)', [this.id]);
  }

  private async refuseHolds(): Promise<void> {
    const { rows } = await this.client.query<{ n: number }>('SELECT count(*)::int AS n FROM legal_holds WHERE "companyId" = $1', [this.id]);
    const { n } = rows[0]!;
    if (n > 0) throw new ConfigError([`${n} of the users of company ${this.id} are under legal hold: release the holds first`]);
  }

  /** Those that point at others before them. */
  private async tables(): Promise<string[]> {
    const { rows } = await this.client.query<{ name: string; parents: string[] }>(TABLES);
    const byName = new Map(rows.map((table) => [table.name, table]));
    const parentsFirst = new Set<string>();
    const visit = (name: string): void => {
      if (parentsFirst.has(name) || !byName.has(name)) return;
      byName.get(name)!.parents.forEach(visit);
      parentsFirst.add(name);
    };
    [...byName.keys()].forEach(visit);
    return [...parentsFirst].toReversed();
  }
}

/** Asks on the terminal, or takes `--name "<name>"` for the answer. An input that ends is an empty one. */
export function nameAsked(flags: string[], input: NodeJS.ReadableStream = process.stdin): (name: string) => Promise<string> {
  const { name: given } = parseArgs({ args: flags, options: { name: { type: 'string' } } }).values;
  return async (name) => {
    if (given !== undefined) return given;
    const terminal = createInterface({ input, output: process.stdout });
    const ended = new Promise<string>((resolve) => terminal.once('close', () => setImmediate(resolve, ''))); // behind an answer that came with the end
    try {
      return await Promise.race([terminal.question(`All of "${name}" will be gone for good. Type its name: `), ended]);
    } finally {
      terminal.close();
    }
  };
}
