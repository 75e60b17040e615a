import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Of an e-mail's accounts those that may sign in come first, of these those that have had it longest, and at most five: an older account may be
 * given a stranger's address, and must not crowd the real one out. Everything but the system's own is named with its schema: whoever may make
 * operators in `public` would otherwise be shown what is compared.
 */
const FIND_ACCOUNTS = `
      CREATE OR REPLACE FUNCTION find_sign_in_accounts(wanted_email text, wanted_company uuid)
      RETURNS TABLE ("companyId" uuid, "companyName" varchar, "userId" uuid, "passwordHash" varchar, "canLogin" boolean)
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        RETURN QUERY
          SELECT u."companyId", c."name", u."id", u."passwordHash", s."canLogin"
          FROM public.users u
          JOIN public.companies c ON c."id" = u."companyId" AND c."deletedAt" IS NULL
          JOIN public.user_statuses s ON s."id" = u."statusId"
          WHERE u."email" OPERATOR(public.=) wanted_email::public.citext AND u."deletedAt" IS NULL
            AND u."passwordHash"::text OPERATOR(pg_catalog.<>) ''
            AND (wanted_company IS NULL OR u."companyId" = wanted_company)
          ORDER BY s."canLogin" DESC, coalesce(u."emailSince", u."createdAt"), u."id"
          LIMIT 5;
      END $$`;

/** As migration 14 left it, indented as there: the database keeps the text. */
const FIND_ACCOUNTS_BEFORE = `
      CREATE OR REPLACE FUNCTION find_sign_in_accounts(wanted_email text, wanted_company uuid)
      RETURNS TABLE ("companyId" uuid, "companyName" varchar, "userId" uuid, "passwordHash" varchar, "canLogin" boolean)
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        RETURN QUERY
          SELECT u."companyId", c."name", u."id", u."passwordHash", s."canLogin"
          FROM users u
          JOIN companies c ON c."id" = u."companyId" AND c."deletedAt" IS NULL
          JOIN user_statuses s ON s."id" = u."statusId"
          WHERE u."email" = wanted_email::citext AND u."deletedAt" IS NULL AND u."passwordHash" <> ''
            AND (wanted_company IS NULL OR u."companyId" = wanted_company)
          ORDER BY s."canLogin" DESC, u."createdAt", u."id"
          LIMIT 5;
      END $$`;

/** Since when a user has had the present e-mail. Locks `users` for the moment of a column without a value. */
export class EmailSince1764000000015 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await replace(db, FIND_ACCOUNTS);
    await db.query(`ALTER TABLE users ADD COLUMN "emailSince" timestamptz`);
    await db.query(`GRANT SELECT ("emailSince") ON users TO ncy8_sign_in`);
  }

  async down(db: QueryRunner): Promise<void> {
    await replace(db, FIND_ACCOUNTS_BEFORE);
    await db.query(`REVOKE SELECT ("emailSince") ON users FROM ncy8_sign_in`); // a dropped column would keep it
    await db.query(`ALTER TABLE users DROP COLUMN "emailSince"`);
  }
}

/** As its owner, who stays the one that it runs as; what was granted on it stays too. */
async function replace(db: QueryRunner, text: string): Promise<void> {
  await db.query(`GRANT CREATE ON SCHEMA public TO ncy8_sign_in`);
  await db.query(`SET LOCAL ROLE ncy8_sign_in`);
  await db.query(text);
  await db.query(`RESET ROLE`);
  await db.query(`REVOKE CREATE ON SCHEMA public FROM ncy8_sign_in`);
}
