import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Oldest first and at most five either way: a stranger may sign up with a victim's address, and must not crowd the real account out.
 * Indented as migration 2 does it: the database keeps the text, and taking this back must leave what was there.
 */
const findAccounts = (order: string): string => `
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
          ORDER BY ${order}
          LIMIT 5;
      END $$`;

/** Of the accounts of an e-mail those come first that may sign in: jobs that somebody left long ago must not take the five places. */
export class AccountsThatOpen1764000000014 implements MigrationInterface {
  up(db: QueryRunner): Promise<void> {
    return replace(db, findAccounts('s."canLogin" DESC, u."createdAt", u."id"'));
  }

  down(db: QueryRunner): Promise<void> {
    return replace(db, findAccounts('u."createdAt", u."id"'));
  }
}

/** As its owner, who stays the one that it runs as; what was granted on it stays too. Takes no lock on a table. */
async function replace(db: QueryRunner, text: string): Promise<void> {
  await db.query(`GRANT CREATE ON SCHEMA public TO ncy8_sign_in`);
  await db.query(`SET LOCAL ROLE ncy8_sign_in`);
  await db.query(text);
  await db.query(`RESET ROLE`);
  await db.query(`REVOKE CREATE ON SCHEMA public FROM ncy8_sign_in`);
}
