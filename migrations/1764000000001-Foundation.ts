import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What every table stands on: extensions, the tenant context, the one way to isolate a table, and the tables without a company.
 * The roles it grants to (`ncy8_application`, `ncy8_sign_in`, `ncy8_retention`, `ncy8_backup`) are made by `npm run db:bootstrap`.
 */
export class Foundation1764000000001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE EXTENSION IF NOT EXISTS citext`);
    await db.query(`CREATE EXTENSION IF NOT EXISTS btree_gist`);
    await db.query(`GRANT SELECT ON migrations TO ncy8_application, ncy8_backup`); // the server asks it whether the schema is behind

    // The first statement of every transaction. SET LOCAL, not set_config(): only the former is carried to Citus' workers.
    await db.query(`
      CREATE FUNCTION enter_company(company uuid, actor uuid) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        IF company IS NULL THEN
          RAISE EXCEPTION 'enter_company needs a company';
        END IF;
        EXECUTE format('SET LOCAL app.company_id = %L', company);
        EXECUTE format('SET LOCAL app.user_id = %L', coalesce(actor::text, ''));
      END $$`);

    // After a commit the setting is '' and not null, hence nullif. No cast of the column and no sub-select: both lose the index
    // (14 ms became 145 to 247 ms on a million rows).
    await db.query(`
      CREATE FUNCTION isolate_table(target regclass, company_column text DEFAULT 'companyId') RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
        EXECUTE format('CREATE POLICY company_isolation ON %s'
          ' USING (%2$I = nullif(current_setting(''app.company_id'', true), '''')::uuid)'
          ' WITH CHECK (%2$I = nullif(current_setting(''app.company_id'', true), '''')::uuid)', target, company_column);
        EXECUTE format('CREATE POLICY backup_reads_all ON %s FOR SELECT TO ncy8_backup USING (true)', target);
        EXECUTE format('GRANT SELECT ON %s TO ncy8_backup', target);
      END $$`);
    await db.query(`REVOKE ALL ON FUNCTION isolate_table FROM PUBLIC`);

    await db.query(`
      CREATE TABLE companies (
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "name" varchar(255) NOT NULL,
        "timezone" varchar(255),
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT companies_pkey PRIMARY KEY ("id")
      )`);
    await db.query(`CREATE UNIQUE INDEX companies_name_unique ON companies ("name") WHERE "deletedAt" IS NULL`);
    await db.query(`SELECT isolate_table('companies', 'id')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON companies TO ncy8_application`);

    await db.query(`
      CREATE TABLE user_statuses (
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "code" varchar(50) NOT NULL,
        "name" varchar(50) NOT NULL,
        "description" text,
        "canLogin" boolean NOT NULL DEFAULT true,
        "isTerminal" boolean NOT NULL DEFAULT false,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT user_statuses_pkey PRIMARY KEY ("id"),
        CONSTRAINT user_statuses_code_unique UNIQUE ("code"),
        CONSTRAINT user_statuses_name_unique UNIQUE ("name")
      )`);
    await db.query(`GRANT SELECT ON user_statuses TO ncy8_application, ncy8_sign_in, ncy8_backup`);

    // Failures are counted before the company is known, so the table has none; "key" is an HMAC, never an e-mail or an address.
    await db.query(`
      CREATE TABLE sign_in_attempts (
        "key" text NOT NULL,
        "failures" integer NOT NULL,
        "windowStartedAt" timestamptz NOT NULL,
        "lockedUntil" timestamptz,
        CONSTRAINT sign_in_attempts_pkey PRIMARY KEY ("key")
      )`);
    await db.query(`CREATE INDEX sign_in_attempts_window_idx ON sign_in_attempts ("windowStartedAt")`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempts TO ncy8_application`);
    await db.query(`GRANT SELECT ON sign_in_attempts TO ncy8_backup`);

    await db.query(`
      CREATE TABLE backup_snapshots (
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "path" text NOT NULL,
        "size" bigint NOT NULL,
        "verified" boolean NOT NULL DEFAULT false,
        "checksum" text,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT backup_snapshots_pkey PRIMARY KEY ("id")
      )`);
    await db.query(`GRANT SELECT ON backup_snapshots TO ncy8_application, ncy8_backup`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE backup_snapshots`);
    await db.query(`DROP TABLE sign_in_attempts`);
    await db.query(`DROP TABLE user_statuses`);
    await db.query(`DROP TABLE companies`);
    await db.query(`DROP FUNCTION isolate_table`);
    await db.query(`DROP FUNCTION enter_company`);
    await db.query(`DROP EXTENSION btree_gist`);
    await db.query(`DROP EXTENSION citext`);
  }
}
