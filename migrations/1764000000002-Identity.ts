import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles and permissions, users, and what they sign in with. */
export class Identity1764000000002 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE roles (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "name" varchar(255) NOT NULL,
        "description" text,
        "system" boolean NOT NULL DEFAULT false,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT roles_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "roles_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX roles_name_unique ON roles ("companyId", "name") WHERE "deletedAt" IS NULL`);
    await db.query(`SELECT isolate_table('roles')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON roles TO ncy8_application`);

    await db.query(`
      CREATE TABLE permissions (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "name" varchar(100) NOT NULL,
        "description" text,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT permissions_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "permissions_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX permissions_name_unique ON permissions ("companyId", "name") WHERE "deletedAt" IS NULL`);
    await db.query(`SELECT isolate_table('permissions')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON permissions TO ncy8_application`);

    await db.query(`
      CREATE TABLE role_permissions (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "roleId" uuid NOT NULL,
        "permissionId" uuid NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT role_permissions_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "role_permissions_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "role_permissions_roleId_fkey" FOREIGN KEY ("companyId", "roleId") REFERENCES roles ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "role_permissions_permissionId_fkey" FOREIGN KEY ("companyId", "permissionId") REFERENCES permissions ("companyId", "id") ON DELETE RESTRICT
      )`);
    await db.query(
      `CREATE UNIQUE INDEX role_permissions_unique ON role_permissions ("companyId", "roleId", "permissionId") WHERE "deletedAt" IS NULL`,
    );
    await db.query(`CREATE INDEX role_permissions_permission_idx ON role_permissions ("companyId", "permissionId")`);
    await db.query(`SELECT isolate_table('role_permissions')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON role_permissions TO ncy8_application`);

    await db.query(`
      CREATE TABLE users (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "email" citext NOT NULL,
        "firstName" varchar(255) NOT NULL,
        "lastName" varchar(255) NOT NULL,
        "passwordHash" varchar(255) NOT NULL,
        "mustChangePasswordAtNextLogin" boolean NOT NULL DEFAULT false,
        "roleId" uuid NOT NULL,
        "phoneNumber" varchar(32),
        "externalId" varchar(255),
        "lastLogin" timestamptz,
        "isAnonymized" boolean NOT NULL DEFAULT false,
        "statusId" uuid NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT users_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "users_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "users_roleId_fkey" FOREIGN KEY ("companyId", "roleId") REFERENCES roles ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "users_statusId_fkey" FOREIGN KEY ("statusId") REFERENCES user_statuses ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX users_email_unique ON users ("companyId", "email") WHERE "deletedAt" IS NULL`);
    await db.query(`CREATE UNIQUE INDEX users_external_id_unique ON users ("companyId", "externalId") WHERE "deletedAt" IS NULL`);
    await db.query(`CREATE INDEX users_role_idx ON users ("companyId", "roleId")`);
    await db.query(`CREATE INDEX users_status_idx ON users ("companyId", "statusId")`);
    await db.query(`CREATE INDEX users_name_idx ON users ("companyId", "lastName", "firstName", "id")`);
    await db.query(`CREATE INDEX users_email_idx ON users ("email")`);
    await db.query(`SELECT isolate_table('users')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON users TO ncy8_application`);

    // Sign-in looks for accounts by e-mail before the company is known: through this door only, which shows what signing in needs.
    await db.query(`CREATE POLICY sign_in_finds_accounts ON users FOR SELECT TO ncy8_sign_in USING (true)`);
    await db.query(`CREATE POLICY sign_in_names_companies ON companies FOR SELECT TO ncy8_sign_in USING (true)`);
    await db.query(
      `GRANT SELECT ("companyId", "id", "email", "passwordHash", "statusId", "createdAt", "deletedAt") ON users TO ncy8_sign_in`,
    );
    await db.query(`GRANT SELECT ("id", "name", "createdAt", "deletedAt") ON companies TO ncy8_sign_in`);
    await db.query(`GRANT CREATE ON SCHEMA public TO ncy8_sign_in`);
    await db.query(`SET LOCAL ROLE ncy8_sign_in`);
    // Oldest first and at most five: a stranger may sign up with a victim's address, and must not crowd the real account out.
    await db.query(`
      CREATE FUNCTION find_sign_in_accounts(wanted_email text, wanted_company uuid)
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
          ORDER BY u."createdAt", u."id"
          LIMIT 5;
      END $$`);
    await db.query(`
      CREATE FUNCTION company_ids() RETURNS SETOF uuid
      LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        RETURN QUERY SELECT c."id" FROM companies c ORDER BY c."id";
      END $$`);
    await db.query(`REVOKE ALL ON FUNCTION find_sign_in_accounts FROM PUBLIC`);
    await db.query(`REVOKE ALL ON FUNCTION company_ids FROM PUBLIC`);
    await db.query(`GRANT EXECUTE ON FUNCTION find_sign_in_accounts TO ncy8_application`);
    await db.query(`GRANT EXECUTE ON FUNCTION company_ids TO ncy8_application, SESSION_USER`);
    await db.query(`RESET ROLE`);
    await db.query(`REVOKE CREATE ON SCHEMA public FROM ncy8_sign_in`);

    await db.query(`
      CREATE TABLE active_sessions (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "tokenHash" text NOT NULL,
        "previousTokenHash" text,
        "nonce" text NOT NULL,
        "generation" integer NOT NULL DEFAULT 1,
        "rotatedAt" timestamptz,
        "expiresAt" timestamptz,
        "revokedAt" timestamptz,
        "lastSeenAt" timestamptz,
        "ip" inet,
        "userAgent" text,
        "deviceId" text,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT active_sessions_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "active_sessions_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "active_sessions_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX active_sessions_token_unique ON active_sessions ("companyId", "tokenHash")`);
    await db.query(`CREATE INDEX active_sessions_user_idx ON active_sessions ("companyId", "userId")`);
    await db.query(`CREATE INDEX active_sessions_expires_idx ON active_sessions ("expiresAt")`);
    await db.query(`SELECT isolate_table('active_sessions')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON active_sessions TO ncy8_application`);

    await db.query(`
      CREATE TABLE api_keys (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "name" varchar(255) NOT NULL,
        "keyHash" text NOT NULL,
        "permissions" text[],
        "expiresAt" timestamptz,
        "lastUsedAt" timestamptz,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT api_keys_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "api_keys_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "api_keys_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX api_keys_hash_unique ON api_keys ("companyId", "keyHash")`);
    await db.query(`CREATE INDEX api_keys_user_idx ON api_keys ("companyId", "userId")`);
    await db.query(`SELECT isolate_table('api_keys')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO ncy8_application`);

    await db.query(`
      CREATE TABLE one_time_tokens (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "purpose" varchar(32) NOT NULL,
        "tokenHash" text NOT NULL,
        "expiresAt" timestamptz NOT NULL,
        "usedAt" timestamptz,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT one_time_tokens_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "one_time_tokens_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "one_time_tokens_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT one_time_tokens_purpose_check CHECK ("purpose" IN ('invitation', 'password_reset'))
      )`);
    await db.query(`CREATE UNIQUE INDEX one_time_tokens_hash_unique ON one_time_tokens ("companyId", "tokenHash")`);
    await db.query(`CREATE INDEX one_time_tokens_user_idx ON one_time_tokens ("companyId", "userId", "purpose")`);
    await db.query(`CREATE INDEX one_time_tokens_expires_idx ON one_time_tokens ("expiresAt")`);
    await db.query(`SELECT isolate_table('one_time_tokens')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON one_time_tokens TO ncy8_application`);

    await db.query(`
      CREATE TABLE user_approvers (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "approverId" uuid NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT user_approvers_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "user_approvers_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "user_approvers_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "user_approvers_approverId_fkey" FOREIGN KEY ("companyId", "approverId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT
      )`);
    await db.query(
      `CREATE UNIQUE INDEX user_approvers_unique ON user_approvers ("companyId", "userId", "approverId") WHERE "deletedAt" IS NULL`,
    );
    await db.query(`CREATE INDEX user_approvers_approver_idx ON user_approvers ("companyId", "approverId")`);
    await db.query(`SELECT isolate_table('user_approvers')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON user_approvers TO ncy8_application`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE user_approvers`);
    await db.query(`DROP TABLE one_time_tokens`);
    await db.query(`DROP TABLE api_keys`);
    await db.query(`DROP TABLE active_sessions`);
    await db.query(`SET LOCAL ROLE ncy8_sign_in`);
    await db.query(`DROP FUNCTION company_ids`);
    await db.query(`DROP FUNCTION find_sign_in_accounts`);
    await db.query(`RESET ROLE`);
    await db.query(`DROP POLICY sign_in_names_companies ON companies`);
    await db.query(`REVOKE SELECT ("id", "name", "createdAt", "deletedAt") ON companies FROM ncy8_sign_in`);
    await db.query(`DROP TABLE users`);
    await db.query(`DROP TABLE role_permissions`);
    await db.query(`DROP TABLE permissions`);
    await db.query(`DROP TABLE roles`);
  }
}
