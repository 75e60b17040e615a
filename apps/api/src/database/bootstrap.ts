import type { Client } from 'pg';
import { ConfigError } from '#core';
import type { DatabaseAddress } from '#core';
import { asOwner } from './as-owner.js';
import { scramVerifier } from './scram-verifier.js';

const GROUPS = {
  /** The grants of the application's login. */
  ncy8_application: 'NOLOGIN',
  /** Owns the two functions that look across companies: accounts by e-mail, ids of companies. */
  ncy8_sign_in: 'NOLOGIN',
  /** May blank and delete in history, logs; entered by SET LOCAL ROLE only. */
  ncy8_retention: 'NOLOGIN',
  /** Reads every row; pg_dump runs as it. */
  ncy8_backup: 'NOLOGIN',
  // A policy TO a role applies to all who inherit it. These two are members without inheriting (NOINHERIT works alike on 15 and 18),
  // so that whoever is in them may SET ROLE through, and sees nothing by just being there.
  ncy8_owner_gate: 'NOLOGIN NOINHERIT',
  ncy8_application_gate: 'NOLOGIN NOINHERIT',
};

/**
 * Makes the roles that are missing and who is in which, and lets them into the database, also where the public may not. Needs LOGIN and CREATEROLE
 * of the owner, no superuser; can be repeated.
 * @param application the login of the server; an existing one keeps its password
 * @returns whether that login was made now
 * @throws ConfigError for a new login without a password, unless the owner has none either (trust, peer); for what only an administrator can mend
 */
export async function bootstrap(owner: DatabaseAddress, application: { username: string; password: string }): Promise<boolean> {
  return asOwner(owner, async (client) => {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('ncy8 bootstrap', 0))`);
    // From 16 on it can make whoever makes a role an heir of it, and the owner would see every company.
    await client.query(`SELECT set_config(name, '', true) FROM pg_settings WHERE name = 'createrole_self_grant'`);
    await closeSchema(client);
    const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
    const existing = new Set(rows.map((row) => row.rolname));
    for (const [name, attributes] of Object.entries(GROUPS)) {
      if (!existing.has(name)) await client.query(`CREATE ROLE ${name} ${attributes}`);
    }
    const login = client.escapeIdentifier(application.username);
    const isNew = !existing.has(application.username);
    if (isNew) {
      const { username, password } = application;
      if (!password && owner.password) throw new ConfigError([`DB_PASSWORD is missing: set the password that ${username} is made with`]);
      const secret = password ? `PASSWORD ${client.escapeLiteral(scramVerifier(password))}` : '';
      await client.query(`CREATE ROLE ${login} LOGIN INHERIT NOCREATEROLE NOCREATEDB ${secret}`);
    }
    await client.query('GRANT ncy8_sign_in, ncy8_retention, ncy8_backup TO ncy8_owner_gate');
    await client.query('GRANT ncy8_retention TO ncy8_application_gate');
    await client.query(`GRANT ncy8_owner_gate TO ${client.escapeIdentifier(owner.username)}`);
    await client.query(`GRANT ncy8_application, ncy8_application_gate TO ${login}`);
    await client.query(`GRANT CONNECT ON DATABASE ${client.escapeIdentifier(owner.database)} TO ${login}`);
    await client.query('GRANT USAGE ON SCHEMA public TO ncy8_application, ncy8_sign_in, ncy8_retention, ncy8_backup');
    await inheritGrants(client, login, application.username);
    await client.query('COMMIT');
    return isNew;
  });
}

/** A function or an operator in there may be found before PostgreSQL's own, also within those that look across companies. */
async function closeSchema(client: Client): Promise<void> {
  await client.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  const open = await client.query(
    `SELECT FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND grantee = 0 AND privilege_type = 'CREATE'`,
  );
  if (open.rowCount === 0) return;
  const remedy = 'ALTER SCHEMA public OWNER TO pg_database_owner; REVOKE CREATE ON SCHEMA public FROM PUBLIC';
  throw new ConfigError([`anybody may make functions in the schema public: run \`${remedy}\` there as an administrator`]);
}

/** Until 15 the role says whether it inherits, from 16 on the grant does. */
async function inheritGrants(client: Client, login: string, username: string): Promise<void> {
  const newer = await client.query(`SELECT WHERE current_setting('server_version_num')::int >= 160000`);
  if (newer.rowCount) await client.query(`GRANT ncy8_application TO ${login} WITH INHERIT TRUE`);
  const heir = await client.query(`SELECT WHERE pg_has_role($1, 'ncy8_application', 'USAGE')`, [username]);
  if (!heir.rowCount) throw new ConfigError([`${username} does not inherit its grants: run \`ALTER ROLE ${login} INHERIT\` first`]);
}
