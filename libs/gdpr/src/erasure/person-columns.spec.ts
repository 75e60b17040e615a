import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { EntityMetadata } from 'typeorm';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { hangingOn, ownerOf, personalColumns, valuesOf } from './person-columns.js';

let server: TestServer;
let entities: EntityMetadata[];

beforeAll(async () => {
  server = await startTestServer();
  entities = server.app.get(DataSource).entityMetadatas;
});
afterAll(() => server.stop());

const named = (table: string) => entities.find(({ tableName }) => tableName === table)!;
const tablesWhere = (isMeant: (entity: EntityMetadata) => boolean) =>
  entities
    .filter(isMeant)
    .map(({ tableName }) => tableName)
    .toSorted();

it('knows of every table whose its rows are', () => {
  expect(tablesWhere((entity) => ownerOf(entity) === 'id')).toEqual(['users']);
  expect(tablesWhere((entity) => ownerOf(entity) === 'userId')).toEqual([
    'access_logs',
    'active_sessions',
    'api_keys',
    'audit_logs',
    'calendar_tokens',
    'idempotency_keys',
    'leave_requests',
    'legal_holds',
    'one_time_tokens',
    'queued_mails',
    'team_members',
    'timesheet_entries',
    'timesheet_history',
    'timesheets',
    'user_approvers',
  ]);
  expect(tablesWhere((entity) => !ownerOf(entity) && hangingOn(entity).length > 0)).toEqual(['timesheet_approvals']);
  expect(tablesWhere((entity) => !ownerOf(entity) && hangingOn(entity).length === 0)).toEqual([
    'action_codes',
    'backup_snapshots',
    'companies',
    'company_settings',
    'erased_companies',
    'erasures', // a bare id that names nobody any more
    'permissions',
    'purge_runs',
    'role_permissions',
    'roles',
    'scheduled_jobs',
    'sign_in_attempts',
    'tasks',
    'teams',
    'timesheet_history_erasures',
    'timesheet_history_seals',
    'user_statuses',
  ]);
});

it('says of a value whose it is: of whom it names, of whose record it is about, or, where nobody did it, of whose row it is', () => {
  expect(valuesOf(named('leave_requests'), 'userId')('= 1')).toBe('x."userId" = 1');
  expect(valuesOf(named('leave_requests'), 'decidedByUserId')('= 1')).toBe(
    '(x."decidedByUserId" = 1 OR (x."decidedByUserId" IS NULL AND x."userId" = 1))',
  );
  expect(valuesOf(named('timesheet_approvals'), 'approverId')('= 1')).toBe('x."approverId" = 1');
  expect(valuesOf(named('timesheet_approvals'), 'timesheetId')('= 1')).toBe(
    'x."timesheetId" IN (SELECT r.id FROM timesheets r WHERE r."companyId" = $1 AND r."userId" = 1)',
  );
});

it('finds a person, or a record of somebody, behind each column that is said to name one', () => {
  for (const entity of entities)
    for (const { column, whose } of personalColumns(entity)) {
      const isIdOrRecord = whose === 'id' || /UserId$|^userId$|^(approver|assignee)Id$/.test(whose) || hangingOn(entity).length > 0;
      expect([entity.tableName, column, isIdOrRecord]).toEqual([entity.tableName, column, true]);
    }
});
