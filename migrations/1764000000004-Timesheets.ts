import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Action codes, timesheets with their approvals and entries, and the history that is only ever added to. */
export class Timesheets1764000000004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE action_codes (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "code" varchar(255) NOT NULL,
        "name" varchar(255) NOT NULL,
        "type" varchar(16) NOT NULL DEFAULT 'billable',
        "active" boolean NOT NULL DEFAULT true,
        "externalId" varchar(255),
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT action_codes_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "action_codes_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT action_codes_type_check CHECK ("type" IN ('billable', 'non-billable'))
      )`);
    await db.query(`CREATE UNIQUE INDEX action_codes_code_unique ON action_codes ("companyId", "code") WHERE "deletedAt" IS NULL`);
    await db.query(`CREATE INDEX action_codes_code_idx ON action_codes ("companyId", "code")`);
    await db.query(`SELECT isolate_table('action_codes')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON action_codes TO ncy8_application`);

    await db.query(`
      CREATE TABLE timesheets (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "periodStart" date NOT NULL,
        "periodEnd" date NOT NULL,
        "status" varchar(16) NOT NULL DEFAULT 'DRAFT',
        "submittedAt" timestamptz,
        "submittedByUserId" uuid,
        "approvedAt" timestamptz,
        "approverId" uuid,
        "totalMinutes" integer NOT NULL DEFAULT 0,
        "notes" text,
        "round" integer NOT NULL DEFAULT 0,
        "roundPolicy" varchar(32),
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT timesheets_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "timesheets_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "timesheets_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "timesheets_submittedByUserId_fkey" FOREIGN KEY ("companyId", "submittedByUserId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "timesheets_approverId_fkey" FOREIGN KEY ("companyId", "approverId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT timesheets_status_check CHECK ("status" IN ('DRAFT', 'SUBMITTED', 'APPROVED', 'REJECTED')),
        CONSTRAINT timesheets_period_check CHECK ("periodEnd" >= "periodStart" AND "periodEnd" - "periodStart" < 31),
        CONSTRAINT timesheets_no_period_overlap EXCLUDE USING gist (
          "companyId" WITH =,
          "userId" WITH =,
          daterange("periodStart", "periodEnd", '[]') WITH &&
        ) WHERE ("deletedAt" IS NULL)
      )`);
    await db.query(
      `CREATE UNIQUE INDEX timesheets_period_unique ON timesheets ("companyId", "userId", "periodStart", "periodEnd") WHERE "deletedAt" IS NULL`,
    );
    await db.query(`CREATE INDEX timesheets_status_idx ON timesheets ("companyId", "status")`);
    await db.query(`CREATE INDEX timesheets_newest_idx ON timesheets ("companyId", "periodStart", "id")`);
    await db.query(`CREATE INDEX timesheets_approver_idx ON timesheets ("companyId", "approverId")`);
    await db.query(`CREATE INDEX timesheets_submitted_by_idx ON timesheets ("companyId", "submittedByUserId")`);
    await db.query(`SELECT isolate_table('timesheets')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON timesheets TO ncy8_application`);

    await db.query(`
      CREATE TABLE timesheet_approvals (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "timesheetId" uuid NOT NULL,
        "approverId" uuid,
        "status" varchar(16) NOT NULL DEFAULT 'PENDING',
        "reason" text,
        "decidedAt" timestamptz,
        "round" integer NOT NULL DEFAULT 1,
        "digest" text,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT timesheet_approvals_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "timesheet_approvals_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "timesheet_approvals_timesheetId_fkey" FOREIGN KEY ("companyId", "timesheetId") REFERENCES timesheets ("companyId", "id") ON DELETE CASCADE,
        CONSTRAINT "timesheet_approvals_approverId_fkey" FOREIGN KEY ("companyId", "approverId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT timesheet_approvals_status_check CHECK ("status" IN ('PENDING', 'APPROVED', 'REJECTED'))
      )`);
    await db.query(
      `CREATE UNIQUE INDEX timesheet_approvals_unique ON timesheet_approvals ("companyId", "timesheetId", "approverId", "round") WHERE "deletedAt" IS NULL`,
    );
    await db.query(`CREATE INDEX timesheet_approvals_approver_idx ON timesheet_approvals ("companyId", "approverId", "status")`);
    await db.query(`SELECT isolate_table('timesheet_approvals')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON timesheet_approvals TO ncy8_application`);

    await db.query(`
      CREATE TABLE timesheet_entries (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "timesheetId" uuid,
        "actionCodeId" uuid NOT NULL,
        "taskId" uuid,
        "workMode" varchar(8) NOT NULL DEFAULT 'office',
        "country" varchar(2) NOT NULL,
        "startedAt" timestamptz,
        "endedAt" timestamptz,
        "timezone" text NOT NULL,
        "durationMin" integer NOT NULL,
        "day" date NOT NULL,
        "note" text,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT timesheet_entries_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "timesheet_entries_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "timesheet_entries_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "timesheet_entries_timesheetId_fkey" FOREIGN KEY ("companyId", "timesheetId") REFERENCES timesheets ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "timesheet_entries_actionCodeId_fkey" FOREIGN KEY ("companyId", "actionCodeId") REFERENCES action_codes ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "timesheet_entries_taskId_fkey" FOREIGN KEY ("companyId", "taskId") REFERENCES tasks ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT timesheet_entries_duration_check CHECK ("durationMin" BETWEEN 0 AND 1440),
        CONSTRAINT timesheet_entries_work_mode_check CHECK ("workMode" IN ('office', 'remote', 'hybrid')),
        CONSTRAINT timesheet_entries_span_check CHECK (("startedAt" IS NULL) = ("endedAt" IS NULL) AND "endedAt" > "startedAt"),
        CONSTRAINT timesheet_entries_no_overlap EXCLUDE USING gist (
          "companyId" WITH =,
          "userId" WITH =,
          tstzrange("startedAt", "endedAt") WITH &&
        ) WHERE ("deletedAt" IS NULL AND "startedAt" IS NOT NULL)
      )`);
    await db.query(`CREATE INDEX timesheet_entries_user_day_idx ON timesheet_entries ("companyId", "userId", "day")`);
    await db.query(`CREATE INDEX timesheet_entries_timesheet_idx ON timesheet_entries ("companyId", "timesheetId")`);
    await db.query(`CREATE INDEX timesheet_entries_day_idx ON timesheet_entries ("companyId", "day", "startedAt", "id")`);
    await db.query(`CREATE INDEX timesheet_entries_action_code_idx ON timesheet_entries ("companyId", "actionCodeId")`);
    await db.query(`CREATE INDEX timesheet_entries_task_idx ON timesheet_entries ("companyId", "taskId")`);
    await db.query(`SELECT isolate_table('timesheet_entries')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON timesheet_entries TO ncy8_application`);

    await db.query(`
      CREATE TABLE timesheet_history (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "targetType" varchar(32) NOT NULL,
        "targetId" uuid NOT NULL,
        "action" varchar(32) NOT NULL,
        "actorUserId" uuid,
        "reason" text,
        "diff" jsonb,
        "metadata" jsonb,
        "occurredAt" timestamptz NOT NULL DEFAULT now(),
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT timesheet_history_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "timesheet_history_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT timesheet_history_target_check CHECK ("targetType" IN ('Timesheet', 'TimesheetEntry', 'TimesheetApproval', 'ActionCode')),
        CONSTRAINT timesheet_history_action_check CHECK ("action" IN ('created', 'updated', 'deleted', 'submitted', 'withdrawn', 'approved', 'rejected', 'reopened'))
      )`);
    await db.query(`CREATE INDEX timesheet_history_user_idx ON timesheet_history ("companyId", "userId")`);
    await db.query(`CREATE INDEX timesheet_history_target_idx ON timesheet_history ("companyId", "targetType", "targetId")`);
    await db.query(`CREATE INDEX timesheet_history_newest_idx ON timesheet_history ("companyId", "occurredAt", "id")`);
    await db.query(`SELECT isolate_table('timesheet_history')`);
    await db.query(`GRANT SELECT, INSERT ON timesheet_history TO ncy8_application`);
    await db.query(`GRANT SELECT, UPDATE ("reason", "diff", "metadata"), DELETE ON timesheet_history TO ncy8_retention`);

    // Fence behind the grants: not even the owner changes history; lawful erasure alone does, under its own role.
    await db.query(`
      CREATE FUNCTION refuse_rewriting_history() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF current_user <> 'ncy8_retention' THEN
          RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
        END IF;
        IF TG_OP = 'DELETE' THEN
          RETURN OLD;
        END IF;
        RETURN NEW;
      END $$`);
    await db.query(`
      CREATE TRIGGER timesheet_history_append_only BEFORE UPDATE OR DELETE ON timesheet_history
      FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE timesheet_history`);
    await db.query(`DROP FUNCTION refuse_rewriting_history`);
    await db.query(`DROP TABLE timesheet_entries`);
    await db.query(`DROP TABLE timesheet_approvals`);
    await db.query(`DROP TABLE timesheets`);
    await db.query(`DROP TABLE action_codes`);
  }
}
