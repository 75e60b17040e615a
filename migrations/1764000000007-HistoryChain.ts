import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Makes tampering with the history show: a chain over its rows, and the ledger of lawful erasures. Locks nothing that is in use. */
export class HistoryChain1764000000007 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Sealed afterwards and in a table of its own: writers of history would queue on one head row (14.5 k/s became 2.8 k/s).
    // Holds no person's id; without its salts, which go with an erasure, a commitment tells nothing.
    await db.query(`
      CREATE TABLE timesheet_history_seals (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "sequence" integer NOT NULL,
        "historyId" uuid NOT NULL,
        "facts" text NOT NULL,
        "factsSalt" text,
        "freeText" text NOT NULL,
        "freeTextSalt" text,
        "previous" text NOT NULL,
        "hash" text NOT NULL,
        "sealedAt" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT timesheet_history_seals_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "timesheet_history_seals_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX timesheet_history_seals_sequence_unique ON timesheet_history_seals ("companyId", "sequence")`);
    await db.query(`CREATE UNIQUE INDEX timesheet_history_seals_history_unique ON timesheet_history_seals ("companyId", "historyId")`);
    await db.query(`SELECT isolate_table('timesheet_history_seals')`);
    await db.query(`GRANT SELECT, INSERT ON timesheet_history_seals TO ncy8_application`);
    await db.query(`GRANT SELECT, UPDATE ("factsSalt", "freeTextSalt") ON timesheet_history_seals TO ncy8_retention`);
    await db.query(`
      CREATE TRIGGER timesheet_history_seals_append_only BEFORE UPDATE OR DELETE ON timesheet_history_seals
      FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history()`);

    // Written by the role of retention alone, in the transaction of the erasure, and never taken back: no other statement of the application excuses anything.
    await db.query(`
      CREATE TABLE timesheet_history_erasures (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "historyId" uuid NOT NULL,
        "erased" varchar(8) NOT NULL,
        "erasedAt" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT timesheet_history_erasures_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "timesheet_history_erasures_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT timesheet_history_erasures_erased_check CHECK ("erased" IN ('text', 'row'))
      )`);
    await db.query(`CREATE INDEX timesheet_history_erasures_history_idx ON timesheet_history_erasures ("companyId", "historyId")`);
    await db.query(`SELECT isolate_table('timesheet_history_erasures')`);
    await db.query(`GRANT SELECT ON timesheet_history_erasures TO ncy8_application`);
    await db.query(`GRANT SELECT, INSERT ON timesheet_history_erasures TO ncy8_retention`);
    await db.query(`
      CREATE TRIGGER timesheet_history_erasures_append_only BEFORE UPDATE OR DELETE ON timesheet_history_erasures
      FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE timesheet_history_erasures`);
    await db.query(`DROP TABLE timesheet_history_seals`);
  }
}
