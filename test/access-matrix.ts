import { randomUUID } from 'node:crypto';
import { PERMISSION_NAMES, SYSTEM_ROLES } from '#rbac';
import type { PermissionName } from '#rbac';
import type { Client } from './client.js';
import type { Company, Person } from './factories.js';
import type { TestServer } from './server.js';

/** What a route may name by an id, and the table that holds it. */
const KINDS = {
  user: 'users',
  lead: 'users',
  role: 'roles',
  team: 'teams',
  task: 'tasks',
  apiKey: 'api_keys',
  actionCode: 'action_codes',
  timesheet: 'timesheets',
  entry: 'timesheet_entries',
  history: 'timesheet_history',
  session: 'active_sessions',
  leaveRequest: 'leave_requests',
  auditLog: 'audit_logs',
  accessLog: 'access_logs',
  purge: 'purge_runs',
} as const;
export type Kind = keyof typeof KINDS;
export type Ids = Record<Kind, string>;

/** By the last fixed segment before the id in a path. */
const BY_SEGMENT: Record<string, Kind> = {
  users: 'user',
  members: 'user',
  roles: 'role',
  teams: 'team',
  tasks: 'task',
  'api-keys': 'apiKey',
  'action-codes': 'actionCode',
  timesheets: 'timesheet',
  'timesheet-entries': 'entry',
  'timesheet-history': 'history',
  sessions: 'session',
  'leave-requests': 'leaveRequest',
  'audit-logs': 'auditLog',
  'access-logs': 'accessLog',
  purges: 'purge',
};

/** Whose reading and changing a policy decides by the person, not by a permission of the route. */
export const PERSONAL: Kind[] = ['timesheet', 'entry', 'history', 'leaveRequest'];

/** By the name of a field or a filter. */
const BY_NAME: Record<string, Kind> = {
  userId: 'user',
  assigneeId: 'user',
  ownerUserId: 'user',
  actorUserId: 'user',
  approverId: 'lead',
  approverIds: 'lead',
  roleId: 'role',
  teamId: 'team',
  taskId: 'task',
  timesheetId: 'timesheet',
  targetId: 'timesheet',
  actionCodeId: 'actionCode',
};

/** The kinds of the parameters of a path, in order. Whoever adds a resource adds its record here. */
export function kindsOf(path: string): Kind[] {
  return [...path.matchAll(/([^/]+)\/:\w+/g)].map(([, segment]) => known(BY_SEGMENT, segment!));
}

export const kindOf = (name: string): Kind => known(BY_NAME, name);

function known(kinds: Record<string, Kind>, name: string): Kind {
  const kind = kinds[name];
  if (!kind) throw new Error(`no record for the id of '${name}': make one in test/access-matrix.ts`);
  return kind;
}

/** A path with these ids for its parameters. */
export function withIds(path: string, ids: string[]): string {
  let next = 0;
  return path.replaceAll(/:\w+/g, () => ids[next++]!);
}

/** An id of no record. */
export const unknownId = (): string => randomUUID();

/** Who asks, and what they hold. */
export interface Principal {
  name: string;
  client: Client;
  /** Null: not let in at all. */
  holds: readonly PermissionName[] | null;
  isKey?: boolean;
  mustChangePassword?: boolean;
}

/** The people of a company with one record of each kind: of `member`, who is in the team of `lead`. */
export class Cast {
  member!: Person;
  lead!: Person;
  /** Leads another team, in which the colleague is. */
  otherLead!: Person;
  colleague!: Person;
  manager!: Person;
  ids!: Ids;
  /** The other team, and what the colleague has. */
  others!: Pick<Ids, 'team' | 'timesheet' | 'entry' | 'history' | 'leaveRequest'>;

  private constructor(
    readonly server: TestServer,
    readonly company: Company,
  ) {}

  get admin(): Person {
    return this.company.admin;
  }

  static async of(server: TestServer): Promise<Cast> {
    const company = await server.company();
    const cast = new Cast(server, company);
    [cast.member, cast.lead, cast.otherLead, cast.colleague, cast.manager] = await Promise.all([
      company.person(),
      company.person(),
      company.person(),
      company.person(),
      company.person({ role: 'Manager' }),
    ]);
    const team = await company.team({ leads: [cast.lead], members: [cast.member] });
    const otherTeam = await company.team({ leads: [cast.otherLead], members: [cast.colleague] });
    const actionCode = (await company.actionCode()).id;
    const task = (await company.task({ assigneeId: cast.member.id })).id;
    const recorded = await cast.recordTime(cast.member, cast.lead, actionCode, task);
    await cast.recordTime(cast.lead, cast.manager, actionCode, task);
    await cast.recordTime(cast.otherLead, cast.manager, actionCode, task);
    const others = await cast.recordTime(cast.colleague, cast.otherLead, actionCode, task);
    const [session] = await server.sql<{ id: string }>('SELECT id FROM active_sessions WHERE "userId" = $1', [cast.member.id]);
    const apiKey = await company.insert('api_keys', { userId: cast.member.id, name: 'Key', keyHash: randomUUID(), permissions: null });
    const role = await company.role(['read_user']);
    const [user, lead] = [cast.member.id, cast.lead.id];
    const logged = await cast.log(user, recorded.timesheet);
    cast.ids = { user, lead, role, team: team.id, task, apiKey, actionCode, session: session!.id, ...recorded, ...logged };
    cast.others = { team: otherTeam.id, ...others };
    return cast;
  }

  /** One of each kind of personal record, and an approval of the approver's. */
  private async recordTime({ id: userId }: Person, approver: Person, actionCodeId: string, taskId: string) {
    const { company } = this;
    const timesheet = await company.insert('timesheets', { userId, periodStart: '2026-03-02', periodEnd: '2026-03-08' });
    await company.insert('timesheet_approvals', { timesheetId: timesheet, approverId: approver.id, status: 'APPROVED' });
    const place = { timesheetId: timesheet, actionCodeId, taskId, day: '2026-03-03', country: 'DE', timezone: 'Europe/Berlin' };
    const entry = await company.insert('timesheet_entries', { userId, ...place, durationMin: 60 });
    const event = { targetType: 'Timesheet', targetId: timesheet, action: 'created', actorUserId: userId };
    const history = await company.insert('timesheet_history', { userId, ...event });
    await company.insert('leave_requests', {
      userId,
      startDate: '2026-03-05',
      endDate: '2026-03-05',
      leaveType: 'PTO',
      status: 'APPROVED',
    });
    const leave = { userId, startDate: '2026-03-09', endDate: '2026-03-10', leaveType: 'PTO' };
    return { timesheet, entry, history, leaveRequest: await company.insert('leave_requests', leave) };
  }

  /** A line of each log in which somebody looked at, and changed, their own; and a purge. */
  private async log(userId: string, targetId: string): Promise<Pick<Ids, 'auditLog' | 'accessLog' | 'purge'>> {
    const { company } = this;
    const add = async (table: string) => {
      const [row] = await this.server.sql<{ id: string }>(
        `INSERT INTO ${table} ("companyId", action, "targetType", "targetId", "userId", "actorUserId")
         VALUES ($1, 'probed', 'Timesheet', $2, $3, $3) RETURNING id`,
        [company.id, targetId, userId],
      );
      return row!.id;
    };
    const at = '2026-03-02T08:00:00Z';
    const policy = { deletedUserYears: 7, auditLogYears: 7, accessLogMonths: 12, sessionDays: 90 };
    const purge = await company.insert('purge_runs', { dryRun: true, cutOff: at, policy, startedAt: at, finishedAt: at });
    return { auditLog: await add('audit_logs'), accessLog: await add('access_logs'), purge };
  }

  /** The rows of the matrix. */
  async principals(stranger: Person): Promise<Principal[]> {
    const { company, server } = this;
    const [suspended, renewing] = await Promise.all([company.person(), company.person({ role: PERMISSION_NAMES })]);
    await this.setStatus(suspended, 'SUSPENDED');
    await server.sql('UPDATE users SET "mustChangePasswordAtNextLogin" = true WHERE id = $1', [renewing.id]);
    const all = PERMISSION_NAMES;
    return [
      { name: 'anonymous', client: server.anybody, holds: null },
      { name: 'suspended', client: suspended, holds: null },
      { name: 'Employee', client: this.member, holds: [] },
      { name: 'lead of another team', client: this.otherLead, holds: [] },
      { name: 'lead', client: this.lead, holds: [] },
      { name: 'Manager', client: this.manager, holds: SYSTEM_ROLES.Manager.permissions },
      { name: 'Admin', client: this.admin, holds: all },
      { name: 'Admin of another company', client: stranger, holds: all },
      { name: 'API key of an Admin without permissions', client: await this.admin.apiKey([]), holds: [], isKey: true },
      { name: 'API key of an Admin', client: await this.admin.apiKey(), holds: all, isKey: true },
      { name: 'one who must change the password', client: renewing, holds: all, mustChangePassword: true },
    ];
  }

  /** In the row alone: the session and its token still stand. */
  private async setStatus({ id }: Person, code: string): Promise<void> {
    await this.server.sql('UPDATE users SET "statusId" = (SELECT id FROM user_statuses WHERE code = $2) WHERE id = $1', [id, code]);
  }

  /** Every row of the company but of its logs, by table and id: what a request must have left as it was. */
  async rows(): Promise<string[]> {
    const tables = await this.server.sql<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.columns
       WHERE table_schema = 'public' AND column_name = 'companyId' AND table_name NOT IN ('audit_logs', 'access_logs')`,
    );
    const texts = tables.map(
      ({ name }) => `SELECT '${name} ' || (to_jsonb(x) - $2::text[])::text AS row FROM ${name} x WHERE "companyId" = $1`,
    );
    const rows = await this.server.sql<{ row: string }>(
      `${texts.join(' UNION ALL ')} UNION ALL SELECT 'companies ' || to_jsonb(x)::text FROM companies x WHERE id = $1 ORDER BY 1`,
      [this.company.id, ['lastSeenAt', 'lastUsedAt']], // noted once a minute, of who asks
    );
    return rows.map(({ row }) => row);
  }
}
