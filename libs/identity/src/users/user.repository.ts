import { Injectable } from '@nestjs/common';
import { Accesses, Cursors, isId, one, Problem, Query, UnitOfWork } from '#core';
import type { JsonPage, Page, PageQuery } from '#core';
import type { Principal } from '#rbac';
import { Principals } from '../sign-in/principals.js';
import type { CompanyReference, MeView } from './me.dto.js';
import { STATUSES, statusIdOf } from './user-statuses.js';
import type { ColleagueView, UserQuery, UserStatusCode, UserStatusView, UserView } from './user.dto.js';
import { User } from './user.entity.js';
import { seesEverything, shownTo } from './user.policy.js';

const LIST = 'users';

/** SQL: the answer view of a user, deleted or not, ready for more conditions. @param more further columns, behind a comma */
export const userSelect = (more = ''): string => `
  SELECT u.id, u.email, u."firstName", u."lastName", u."phoneNumber", u."externalId", t.code AS status,
         json_build_object('id', r.id, 'name', r.name) AS role, u."isAnonymized", u."mustChangePasswordAtNextLogin", u."lastLogin",
         u."createdAt", u."updatedAt", u.version${more}
  FROM users u
  JOIN user_statuses t ON t.id = u."statusId"
  JOIN roles r ON r."companyId" = $1 AND r.id = u."roleId"
  WHERE u."companyId" = $1`;

const LIVING = `${userSelect()} AND u."deletedAt" IS NULL`;
const ONE = `${LIVING} AND u.id = $2`;
const IN_TEAM = `EXISTS (
  SELECT 1 FROM team_members m JOIN teams g ON g."companyId" = $1 AND g.id = m."teamId" AND g."deletedAt" IS NULL
  WHERE m."companyId" = $1 AND m."userId" = u.id AND m."teamId" = ? AND m."deletedAt" IS NULL)`;
const IN_NAME = `strpos(lower(u."firstName" || ' ' || u."lastName"), lower(?)) > 0`;

const COMPANY = 'SELECT id, name, timezone FROM companies WHERE id = $1 AND "deletedAt" IS NULL';

type Columns = Pick<
  User,
  | 'email'
  | 'emailSince'
  | 'firstName'
  | 'lastName'
  | 'phoneNumber'
  | 'externalId'
  | 'roleId'
  | 'statusId'
  | 'passwordHash'
  | 'mustChangePasswordAtNextLogin'
  | 'deletedAt'
>;
type Required = 'email' | 'firstName' | 'lastName' | 'roleId' | 'passwordHash';

/** SQL: moves the versions of those rows of a table in whose list the user `$2` stands. */
const moving = (table: string, list: string, key: string, member: string): string => `
  UPDATE ${table} x SET version = x.version + 1, "updatedAt" = $3, "updatedByUserId" = $4 FROM ${list} l
  WHERE x."companyId" = $1 AND x."deletedAt" IS NULL AND l."companyId" = $1 AND l."${key}" = x.id AND l."${member}" = $2 AND l."deletedAt" IS NULL`;

const LISTS = [moving('users', 'user_approvers', 'userId', 'approverId'), moving('teams', 'team_members', 'teamId', 'userId')];

/** Reads users in the form of answers, locks and changes them. */
@Injectable()
export class UserRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly principals: Principals,
    private readonly accesses: Accesses,
  ) {}

  /** @throws 403 for a filter on what the caller may not see */
  async list(caller: Principal, query: UserQuery): Promise<Page<UserView | ColleagueView>> {
    const isOpen = seesEverything(caller);
    if (!isOpen && (query.status !== undefined || query.role !== undefined))
      throw new Problem('forbidden', { detail: 'Needs the permission read_user' });
    const { status, role, teamId, q, externalId } = query;
    const rows = new Query(LIVING)
      .and('t.code = ?', status)
      .and('u."roleId" = ?', isId(role) ? role : undefined)
      .and('r.name = ?', isId(role) ? undefined : role)
      .and(IN_TEAM, teamId)
      .and('u."externalId" = ?', externalId)
      .and('u.id = ?', isOpen || externalId === undefined ? undefined : caller.userId);
    if (isOpen) rows.and(`${IN_NAME} OR strpos(lower(u.email::text), lower(?)) > 0`, q, q);
    else rows.and(IN_NAME, q);
    const { text, values } = rows
      .after(['u."lastName"', 'u."firstName"', 'u.id'], '>', this.cursors.after(LIST, query))
      .page('u."lastName", u."firstName", u.id', query.limit);
    const users = await this.work.last<UserView>(text, values);
    const page = this.cursors.page(LIST, query, users, ({ lastName, firstName, id }) => [lastName, firstName, id]);
    return { ...page, items: page.items.map((user) => this.show(caller, user)) };
  }

  /** As the caller may see the user. @throws 404 */
  async read(caller: Principal, id: string): Promise<UserView | ColleagueView> {
    return this.show(caller, await this.get(id));
  }

  /** Who is signed in, with what they may do and where. */
  async me({ userId, permissions }: Principal): Promise<MeView> {
    const user = await this.get(userId);
    const company = one(await this.work.query<CompanyReference>(COMPANY));
    return { ...user, permissions: [...permissions].toSorted(), company };
  }

  /** What a caller may see of a user who was read already; more than the name is noted. */
  show(caller: Principal, user: UserView): UserView | ColleagueView {
    if (seesEverything(caller)) this.noteRead(user.id);
    return shownTo(caller, user);
  }

  /** Somebody is told more of a user than the name: the access log keeps it, unless it is of themselves. */
  noteRead(userId: string): void {
    this.accesses.record({ action: 'profile_read', targetType: 'User', targetId: userId, userId });
  }

  /** @throws 404, for whoever acts 401: deleted meanwhile, they are signed in no more */
  async get(id: string): Promise<UserView> {
    const [user] = await this.work.query<UserView>(ONE, [id]);
    if (!user) throw new Problem(id === this.work.actorId ? 'not_signed_in' : 'not_found');
    return user;
  }

  /** Those of these ids that name users who were not deleted, whatever their status. */
  living(ids: string[]): Promise<{ id: string; isAnonymized: boolean }[]> {
    const text = 'SELECT u.id, u."isAnonymized" FROM users u WHERE u."companyId" = $1 AND u.id = ANY ($2) AND u."deletedAt" IS NULL';
    return this.work.query(text, [ids]);
  }

  /** Whether somebody has this address now; that it stays free, only its unique index says. */
  async isEmailTaken(email: string): Promise<boolean> {
    const text = 'SELECT FROM users WHERE "companyId" = $1 AND email = $2::citext AND "deletedAt" IS NULL';
    return (await this.work.query(text, [email])).length > 0;
  }

  /**
   * For change: until the end of the transaction nobody signs in as this user, and no record of theirs is added. Two statements: what is
   * read beside the wait for a lock may be out of date.
   * @throws as {@link get}
   */
  async lock(id: string): Promise<UserView> {
    await this.work.query('SELECT 1 FROM users WHERE "companyId" = $1 AND id = $2 AND "deletedAt" IS NULL FOR UPDATE', [id]);
    return this.get(id);
  }

  /** Whether an e-mail, in whatever case, is the user's: as sign-in finds it, whose letters JavaScript compares in another way. */
  async hasEmail(id: string, email: string): Promise<boolean> {
    const text = 'SELECT email = $3::citext AS "isTheirs" FROM users WHERE "companyId" = $1 AND id = $2';
    return one(await this.work.query<{ isTheirs: boolean }>(text, [id, email])).isTheirs;
  }

  /** Whether a user exists, deleted or not; locks them. */
  async lockDeleted(id: string): Promise<{ version: number; roleId: string; isDeleted: boolean } | undefined> {
    const text = `SELECT version, "roleId", "deletedAt" IS NOT NULL AS "isDeleted" FROM users WHERE "companyId" = $1 AND id = $2 FOR UPDATE`;
    return (await this.work.query<{ version: number; roleId: string; isDeleted: boolean }>(text, [id]))[0];
  }

  async add(columns: { id: string } & Pick<Columns, Required> & Partial<Columns>, status: UserStatusCode): Promise<UserView> {
    const statusId = await this.statusId(status);
    await this.work.insert(User, { ...columns, statusId });
    return this.get(columns.id);
  }

  /** Writes columns of a user; what was known of them is forgotten once it is committed. */
  async update(id: string, columns: Partial<Columns>): Promise<void> {
    await this.work.update(User, { id }, columns);
    await this.principals.changed();
  }

  async delete(id: string): Promise<void> {
    await this.update(id, { deletedAt: this.work.now });
  }

  /** Moves the versions of those who list this user as an approver, and of the user's teams: who comes or goes, comes or goes in their lists. */
  async moveLists(userId: string): Promise<void> {
    const { updatedAt, updatedByUserId } = this.work.changed();
    for (const list of LISTS) await this.work.execute(list, [userId, updatedAt, updatedByUserId]);
  }

  statusId(code: UserStatusCode): Promise<string> {
    return statusIdOf(this.work, code);
  }

  async statuses(query: PageQuery): Promise<JsonPage<UserStatusView>> {
    const { text, values } = new Query(STATUSES)
      .after(['t.code'], '>', this.cursors.after('user-statuses', query))
      .page('t.code', query.limit);
    return this.cursors.json('user-statuses', query, await this.work.lastAsJson<UserStatusView>(text, values), ({ code }) => [code]);
  }
}
