-- Distributes the schema over the workers of a Citus cluster, company by company. See README.md beside it.
--
--   psql --no-psqlrc --dbname=ncy8 --file=ops/citus/distribute.sql      as a superuser, on the coordinator
--
-- After `npm run migration:run`, each time: what is distributed already stays as it is. A superuser, because the owner is under
-- forced row security and would move no row.
\set ON_ERROR_STOP on

-- Of this session: the append-only tables have triggers. They look at the row and at the role alone, so they hold on a worker too.
SET citus.enable_unsafe_triggers = on;

CREATE TEMPORARY TABLE placed (place serial, name text PRIMARY KEY, how text NOT NULL);

-- In this order: what a foreign key points at comes first.
INSERT INTO placed (name, how) VALUES
  -- a whole copy on each worker: users point at it
  ('user_statuses', 'reference'),

  -- by "id", all others beside it by "companyId": everything of a company lies on one worker, foreign keys included
  ('companies', 'company'),
  ('permissions', 'tenant'),
  ('roles', 'tenant'),
  ('role_permissions', 'tenant'),
  ('users', 'tenant'),
  ('user_approvers', 'tenant'),
  ('company_settings', 'tenant'),
  ('active_sessions', 'tenant'),
  ('one_time_tokens', 'tenant'),
  ('api_keys', 'tenant'),
  ('idempotency_keys', 'tenant'),
  ('queued_mails', 'tenant'),
  ('calendar_tokens', 'tenant'),
  ('legal_holds', 'tenant'),
  ('erasures', 'tenant'),
  ('purge_runs', 'tenant'),
  ('teams', 'tenant'),
  ('team_members', 'tenant'),
  ('tasks', 'tenant'),
  ('action_codes', 'tenant'),
  ('leave_requests', 'tenant'),
  ('timesheets', 'tenant'),
  ('timesheet_entries', 'tenant'),
  ('timesheet_approvals', 'tenant'),
  ('timesheet_history', 'tenant'),
  ('timesheet_history_seals', 'tenant'),
  ('timesheet_history_erasures', 'tenant'),
  ('audit_logs', 'tenant'),
  ('access_logs', 'tenant'),

  -- on the coordinator alone: of no company, and small
  ('sign_in_attempts', 'local'),
  ('scheduled_jobs', 'local'),
  ('erased_companies', 'local'),
  ('backup_snapshots', 'local'),
  ('migrations', 'local');

-- This file and the schema know the same tables, or nothing happens.
DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(coalesce(t.tablename, p.name), ', ') INTO missing
  FROM (SELECT tablename FROM pg_tables WHERE schemaname = 'public') t
  FULL JOIN placed p ON p.name = t.tablename
  WHERE p.name IS NULL OR t.tablename IS NULL;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'only this file or only the database knows: %', missing;
  END IF;
END $$;

-- enter_company() says SET LOCAL, and the policies on the workers have to hear it.
SELECT format('ALTER DATABASE %I SET citus.propagate_set_commands = %L', current_database(), 'local') \gexec

SELECT CASE how
    WHEN 'reference' THEN format('SELECT create_reference_table(%L)', name)
    WHEN 'company' THEN format('SELECT create_distributed_table(%L, %L, colocate_with => %L)', name, 'id', 'none')
    WHEN 'tenant' THEN format('SELECT create_distributed_table(%L, %L, colocate_with => %L)', name, 'companyId', 'companies')
  END
FROM placed
WHERE how <> 'local' AND NOT EXISTS (SELECT FROM pg_dist_partition d WHERE d.logicalrel = name::regclass)
ORDER BY place \gexec
