import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the application ends, but never removes. */
const KEPT = ['role_permissions', 'user_approvers', 'team_members'];

/** Permissions of roles, approvers and members stay as the past: the application needs, and has, no right to remove them any more. */
export class SoftDeletedOnly1764000000013 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const table of KEPT) await db.query(`REVOKE DELETE ON ${table} FROM ncy8_application`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of KEPT) await db.query(`GRANT DELETE ON ${table} TO ncy8_application`);
  }
}
