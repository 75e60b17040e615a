import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who changed what, who read whose data, and the answers kept for safe repeats. */
export class Logs1764000000005 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE audit_logs (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "occurredAt" timestamptz NOT NULL DEFAULT now(),
        "action" varchar(64) NOT NULL,
        "targetType" varchar(64) NOT NULL,
        "targetId" uuid,
        "userId" uuid,
        "actorUserId" uuid,
        "requestId" varchar(255),
        "ip" inet,
        "before" jsonb,
        "after" jsonb,
        CONSTRAINT audit_logs_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "audit_logs_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE INDEX audit_logs_newest_idx ON audit_logs ("companyId", "occurredAt", "id")`);
    await db.query(`CREATE INDEX audit_logs_user_idx ON audit_logs ("companyId", "userId")`);
    await db.query(`CREATE INDEX audit_logs_actor_idx ON audit_logs ("companyId", "actorUserId")`);
    await db.query(`CREATE INDEX audit_logs_target_idx ON audit_logs ("companyId", "targetType", "targetId")`);
    await db.query(`SELECT isolate_table('audit_logs')`);
    await db.query(`GRANT SELECT, INSERT ON audit_logs TO ncy8_application`);
    await db.query(`GRANT SELECT, UPDATE ("before", "after", "ip"), DELETE ON audit_logs TO ncy8_retention`);

    await db.query(`
      CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
      FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history()`);
    await db.query(`
      CREATE TABLE access_logs (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "occurredAt" timestamptz NOT NULL DEFAULT now(),
        "action" varchar(64) NOT NULL,
        "targetType" varchar(64) NOT NULL,
        "targetId" uuid,
        "userId" uuid,
        "actorUserId" uuid,
        "requestId" varchar(255),
        "ip" inet,
        CONSTRAINT access_logs_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "access_logs_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE INDEX access_logs_newest_idx ON access_logs ("companyId", "occurredAt", "id")`);
    await db.query(`CREATE INDEX access_logs_user_idx ON access_logs ("companyId", "userId")`);
    await db.query(`CREATE INDEX access_logs_actor_idx ON access_logs ("companyId", "actorUserId")`);
    await db.query(`SELECT isolate_table('access_logs')`);
    await db.query(`GRANT SELECT, INSERT ON access_logs TO ncy8_application`);
    await db.query(`GRANT SELECT, UPDATE ("ip"), DELETE ON access_logs TO ncy8_retention`);

    await db.query(`
      CREATE TRIGGER access_logs_append_only BEFORE UPDATE OR DELETE ON access_logs
      FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history()`);
    await db.query(`
      CREATE TABLE idempotency_keys (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "key" varchar(255) NOT NULL,
        "requestHash" text NOT NULL,
        "statusCode" integer NOT NULL,
        "headers" jsonb NOT NULL,
        "body" text NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "expiresAt" timestamptz NOT NULL,
        CONSTRAINT idempotency_keys_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "idempotency_keys_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX idempotency_keys_unique ON idempotency_keys ("companyId", "userId", "key")`);
    await db.query(`CREATE INDEX idempotency_keys_expires_idx ON idempotency_keys ("expiresAt")`);
    await db.query(`SELECT isolate_table('idempotency_keys')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO ncy8_application`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE idempotency_keys`);
    await db.query(`DROP TABLE access_logs`);
    await db.query(`DROP TABLE audit_logs`);
  }
}
