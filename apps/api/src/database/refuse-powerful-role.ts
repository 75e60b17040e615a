import { Client } from 'pg';
import { codeOf, ConfigError } from '#core';
import type { DatabaseAddress } from '#core';
import { reasonOf } from './reason.js';

const POWERS = `
  SELECT r.rolsuper AS "superuser", r.rolbypassrls AS "BYPASSRLS", r.rolcreaterole AS "CREATEROLE", r.rolreplication AS "REPLICATION",
    EXISTS (SELECT FROM (
              SELECT datdba FROM pg_database WHERE datname = current_database()
              UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'public'
              UNION ALL SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace('public')
              UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('public')
            ) o (owner) WHERE pg_has_role(r.oid, o.owner, 'MEMBER'))
      AS "the owner of the database, of its schema, a table or a function, or a member of it",
    EXISTS (SELECT FROM pg_roles p WHERE p.oid <> r.oid AND (p.rolsuper OR p.rolbypassrls) AND pg_has_role(r.oid, p.oid, 'MEMBER'))
      AS "a member of a superuser or of a role with BYPASSRLS",
    EXISTS (SELECT FROM pg_roles p WHERE pg_has_role(r.oid, p.oid, 'MEMBER')
            AND p.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'))
      AS "a member of a role that reads or writes everything",
    EXISTS (SELECT FROM pg_roles p WHERE p.rolname = 'ncy8_retention' AND pg_has_role(r.oid, p.oid, 'USAGE')) AS "an heir of ncy8_retention",
    EXISTS (SELECT FROM pg_roles p WHERE p.rolname IN ('ncy8_sign_in', 'ncy8_backup', 'ncy8_owner_gate') AND pg_has_role(r.oid, p.oid, 'MEMBER'))
      AS "a member of a role whose policies see every company",
    EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'public' AND has_schema_privilege(r.oid, n.oid, 'CREATE'))
      AS "one that may make functions beside the tables",
    EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = to_regproc('public.refuse_rewriting_history') AND (
              has_table_privilege(r.oid, t.tgrelid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') OR has_any_column_privilege(r.oid, t.tgrelid, 'UPDATE')))
      AS "one that may change history or logs",
    has_parameter_privilege(r.oid, 'session_replication_role', 'SET') AS "one that may switch triggers off",
    EXISTS (SELECT FROM pg_roles p WHERE p.rolname = 'ncy8_application' AND pg_has_role(r.oid, p.oid, 'USAGE')) AS granted
  FROM pg_roles r WHERE r.rolname = current_user`;

const INVALID_PASSWORD = '28P01';

/**
 * @throws ConfigError when the application's role could get round row security, has not the application's grants, or is not let in: the server must
 * not run as it
 */
export async function refusePowerfulRole(database: DatabaseAddress): Promise<void> {
  const client = new Client({ ...database, user: database.username, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, boolean>>(POWERS);
    const { granted, ...held } = rows[0] ?? {};
    const powers = Object.entries(held).flatMap(([power, holds]) => (holds ? [power] : []));
    if (powers.length > 0) {
      throw new ConfigError([`DB_USERNAME "${database.username}" is ${powers.join(', ')}: set a role made by \`npm run db:bootstrap\``]);
    }
    if (!granted) {
      throw new ConfigError([
        `DB_USERNAME "${database.username}" is not in ncy8_application, which has the server's grants: run \`npm run db:bootstrap\``,
      ]);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (!database.password && asksForPassword(error)) {
      throw new ConfigError([`DB_PASSWORD is missing: set the password of ${database.username}, which the database asks for`]);
    }
    throw new ConfigError([`The database at ${database.host}:${database.port} does not let ${database.username} in: ${reasonOf(error)}`]);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const asksForPassword = (error: unknown): boolean => codeOf(error) === INVALID_PASSWORD || (error as Error).message.startsWith('SASL:');
