import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Settings, teams, tasks and leave. */
export class Companies1764000000003 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE company_settings (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "ownerUserId" uuid NOT NULL,
        "timezone" text NOT NULL DEFAULT 'UTC',
        "workWeek" jsonb NOT NULL DEFAULT '{}',
        "holidayCalendar" text,
        "timesheetApproverPolicy" varchar(32) NOT NULL DEFAULT 'manager_of_user',
        "allowedEmailDomains" text[],
        "requireCompanyEmail" boolean NOT NULL DEFAULT false,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT company_settings_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "company_settings_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE CASCADE,
        CONSTRAINT "company_settings_ownerUserId_fkey" FOREIGN KEY ("companyId", "ownerUserId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT company_settings_policy_check CHECK ("timesheetApproverPolicy" IN ('manager_of_user', 'role_manager', 'explicit'))
      )`);
    await db.query(`CREATE UNIQUE INDEX company_settings_company_unique ON company_settings ("companyId")`);
    await db.query(`SELECT isolate_table('company_settings')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON company_settings TO ncy8_application`);

    await db.query(`
      CREATE TABLE teams (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "name" varchar(255) NOT NULL,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT teams_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "teams_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT
      )`);
    await db.query(`CREATE UNIQUE INDEX teams_id_name_unique ON teams ("companyId", "id", "name")`);
    await db.query(`CREATE INDEX teams_name_idx ON teams ("companyId", "name", "id")`);
    await db.query(`SELECT isolate_table('teams')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON teams TO ncy8_application`);

    await db.query(`
      CREATE TABLE team_members (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "teamId" uuid NOT NULL,
        "userId" uuid NOT NULL,
        "role" varchar(50) NOT NULL DEFAULT 'member',
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT team_members_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "team_members_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "team_members_teamId_fkey" FOREIGN KEY ("companyId", "teamId") REFERENCES teams ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "team_members_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT team_members_role_check CHECK ("role" IN ('member', 'lead'))
      )`);
    await db.query(`CREATE UNIQUE INDEX team_members_unique ON team_members ("companyId", "teamId", "userId") WHERE "deletedAt" IS NULL`);
    await db.query(`CREATE INDEX team_members_user_idx ON team_members ("companyId", "userId", "role")`);
    await db.query(`SELECT isolate_table('team_members')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON team_members TO ncy8_application`);

    await db.query(`
      CREATE TABLE tasks (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "title" varchar(255) NOT NULL,
        "description" text,
        "assigneeId" uuid,
        "status" varchar(16) NOT NULL DEFAULT 'OPEN',
        "dueDate" date,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT tasks_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "tasks_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "tasks_assigneeId_fkey" FOREIGN KEY ("companyId", "assigneeId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT tasks_status_check CHECK ("status" IN ('OPEN', 'IN_PROGRESS', 'DONE', 'CANCELLED'))
      )`);
    await db.query(`CREATE INDEX tasks_title_idx ON tasks ("companyId", "title", "id")`);
    await db.query(`CREATE INDEX tasks_assignee_idx ON tasks ("companyId", "assigneeId")`);
    await db.query(`SELECT isolate_table('tasks')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON tasks TO ncy8_application`);

    await db.query(`
      CREATE TABLE leave_requests (
        "companyId" uuid NOT NULL,
        "id" uuid NOT NULL DEFAULT gen_random_uuid(),
        "userId" uuid NOT NULL,
        "startDate" date NOT NULL,
        "endDate" date NOT NULL,
        "startPortion" varchar(16) NOT NULL DEFAULT 'full',
        "endPortion" varchar(16) NOT NULL DEFAULT 'full',
        "leaveType" varchar(20) NOT NULL,
        "status" varchar(20) NOT NULL DEFAULT 'PENDING',
        "reason" text,
        "rejectionReason" text,
        "workingDays" numeric(6,1),
        "decidedAt" timestamptz,
        "decidedByUserId" uuid,
        "createdAt" timestamptz NOT NULL DEFAULT now(),
        "updatedAt" timestamptz NOT NULL DEFAULT now(),
        "deletedAt" timestamptz,
        "version" integer NOT NULL DEFAULT 1,
        "createdByUserId" uuid,
        "updatedByUserId" uuid,
        CONSTRAINT leave_requests_pkey PRIMARY KEY ("companyId", "id"),
        CONSTRAINT "leave_requests_companyId_fkey" FOREIGN KEY ("companyId") REFERENCES companies ("id") ON DELETE RESTRICT,
        CONSTRAINT "leave_requests_userId_fkey" FOREIGN KEY ("companyId", "userId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT "leave_requests_decidedByUserId_fkey" FOREIGN KEY ("companyId", "decidedByUserId") REFERENCES users ("companyId", "id") ON DELETE RESTRICT,
        CONSTRAINT leave_requests_dates_check CHECK ("endDate" >= "startDate"),
        CONSTRAINT leave_requests_portions_check CHECK ("startPortion" IN ('full', 'morning', 'afternoon') AND "endPortion" IN ('full', 'morning', 'afternoon')),
        CONSTRAINT leave_requests_type_check CHECK ("leaveType" IN ('PTO', 'SICK', 'UNPAID')),
        CONSTRAINT leave_requests_status_check CHECK ("status" IN ('PENDING', 'APPROVED', 'REJECTED', 'CANCELLED')),
        CONSTRAINT leave_requests_no_overlap EXCLUDE USING gist (
          "companyId" WITH =,
          "userId" WITH =,
          tsrange(
            "startDate" + CASE "startPortion" WHEN 'afternoon' THEN interval '12 hours' ELSE interval '0 hours' END,
            "endDate" + CASE "endPortion" WHEN 'morning' THEN interval '12 hours' ELSE interval '24 hours' END
          ) WITH &&
        ) WHERE ("deletedAt" IS NULL AND "status" IN ('PENDING', 'APPROVED'))
      )`);
    await db.query(`CREATE INDEX leave_requests_user_idx ON leave_requests ("companyId", "userId")`);
    await db.query(`CREATE INDEX leave_requests_dates_idx ON leave_requests ("companyId", "startDate", "endDate")`);
    await db.query(`CREATE INDEX leave_requests_decided_by_idx ON leave_requests ("companyId", "decidedByUserId")`);
    await db.query(`SELECT isolate_table('leave_requests')`);
    await db.query(`GRANT SELECT, INSERT, UPDATE ON leave_requests TO ncy8_application`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE leave_requests`);
    await db.query(`DROP TABLE tasks`);
    await db.query(`DROP TABLE team_members`);
    await db.query(`DROP TABLE teams`);
    await db.query(`DROP TABLE company_settings`);
  }
}
