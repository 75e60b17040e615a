import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Mails that wait to be sent. */
export class Mail1764000000006 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Whom it goes to is a bare id: who it is, is read when it is sent. What must not lie here in clear is in "sealed".
    await db.query(`
      CREATE TABLE queued_mails (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "template" varchar(32) NOT NULL,
        "sealed" text,
        "attempts" integer NOT NULL DEFAULT 0,
        "dueAt" timestamptz NOT NULL,
        "leasedUntil" timestamptz,
        "expiresAt" timestamptz NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT queued_mails_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "queued_mails_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE INDEX queued_mails_due_idx ON queued_mails ("companyId", "dueAt")`);
    await db.query(`CREATE INDEX queued_mails_user_idx ON queued_mails ("companyId", "userId")`);
    await db.query(`SELECT isolate_table('queued_mails')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON queued_mails TO ncy8_application`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE queued_mails`);
  }
}
