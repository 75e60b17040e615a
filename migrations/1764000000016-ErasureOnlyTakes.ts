import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Indented as migration 8 does it: the database keeps the text, and taking this back must leave what was there. */
const refuseRewriting = (declare: string, of: string): string => `
      CREATE OR REPLACE FUNCTION refuse_rewriting_history() RETURNS trigger LANGUAGE plpgsql AS $$${declare}
      BEGIN
        IF current_user <> 'ncy8_retention' AND NOT (
          TG_OP = 'DELETE'
          AND OLD."companyId"::text = coalesce(current_setting('app.erased_company', true), '')
          AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
        ) THEN
          RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
        END IF;
        IF TG_OP = 'DELETE' THEN
          RETURN OLD;
        END IF;${of}
        RETURN NEW;
      END $$`;

/**
 * What lawful erasure leaves of a line is less than there was: a value goes, or a document loses parts; nothing comes in its place.
 * Scalars contain what equals them, documents what is a part of them. 25 µs of CPU a line that is changed; deletions pay nothing.
 */
const LESS = `
        was := to_jsonb(OLD);
        IF EXISTS (SELECT FROM jsonb_each(to_jsonb(NEW)) n WHERE n.value <> 'null' AND NOT n.value <@ (was -> n.key)) THEN
          RAISE EXCEPTION '% is append-only: erasure takes and puts nothing in its place', TG_TABLE_NAME USING ERRCODE = '42501';
        END IF;`;

/** Rights as narrow as their use, and by name, so that those of the public may be revoked. Takes no lock on a table that readers or writers wait for. */
export class ErasureOnlyTakes1764000000016 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(refuseRewriting('\n      DECLARE was jsonb;', LESS));
    await db.query(`GRANT EXECUTE ON FUNCTION enter_company TO ncy8_application`);
    await db.query(`REVOKE UPDATE ON permissions FROM ncy8_application`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`GRANT UPDATE ON permissions TO ncy8_application`);
    await db.query(`REVOKE EXECUTE ON FUNCTION enter_company FROM ncy8_application`);
    await db.query(refuseRewriting('', ''));
  }
}
