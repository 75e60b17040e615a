import { Injectable } from '@nestjs/common';
import { Cursors, one, Problem, Query, UnitOfWork } from '#core';
import type { JsonPage, PageQuery } from '#core';
import type { PermissionView, RoleView } from './role.dto.js';

const ROLES = 'roles';
const PERMISSIONS = 'permissions';
const LIVING = `
  SELECT r.id, r.name, r.description, r.system,
         ARRAY(
           SELECT p.name
           FROM role_permissions rp
           JOIN permissions p ON p."companyId" = $1 AND p.id = rp."permissionId" AND p."deletedAt" IS NULL
           WHERE rp."companyId" = $1 AND rp."roleId" = r.id AND rp."deletedAt" IS NULL
           ORDER BY p.name
         ) AS permissions,
         r."createdAt", r."updatedAt", r.version
  FROM roles r
  WHERE r."companyId" = $1 AND r."deletedAt" IS NULL`;
const ONE = `${LIVING} AND r.id = $2`;
const CATALOGUE = 'SELECT p.name, p.description FROM permissions p WHERE p."companyId" = $1 AND p."deletedAt" IS NULL';
/** A deleted user counts, since a restored one has the role as before; who is anonymised too will never act again. */
const HOLDERS = `
  SELECT 1 FROM users u
  WHERE u."companyId" = $1 AND u."roleId" = $2 AND (u."deletedAt" IS NULL OR NOT u."isAnonymized") LIMIT 1`;

@Injectable()
export class RoleRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async list(query: PageQuery): Promise<JsonPage<RoleView>> {
    const { text, values } = new Query(LIVING)
      .after(['r.name', 'r.id'], '>', this.cursors.after(ROLES, query))
      .page('r.name, r.id', query.limit);
    return this.cursors.json(ROLES, query, await this.work.lastAsJson<RoleView>(text, values), ({ name, id }) => [name, id]);
  }

  async catalogue(query: PageQuery): Promise<JsonPage<PermissionView>> {
    const { text, values } = new Query(CATALOGUE)
      .after(['p.name'], '>', this.cursors.after(PERMISSIONS, query))
      .page('p.name', query.limit);
    return this.cursors.json(PERMISSIONS, query, await this.work.lastAsJson<PermissionView>(text, values), ({ name }) => [name]);
  }

  /** The whole answer of a request. @throws 404 */
  async read(id: string): Promise<RoleView> {
    return one(await this.work.last<RoleView>(ONE, [id]));
  }

  /** Within a change. @throws 404 */
  async get(id: string): Promise<RoleView> {
    return one(await this.work.query<RoleView>(ONE, [id]));
  }

  /** For change: until the end of the transaction nobody can be given the role (its foreign key's check waits for the lock). @throws 404 */
  async lock(id: string): Promise<RoleView> {
    const locked = await this.work.query('SELECT 1 FROM roles WHERE "companyId" = $1 AND id = $2 AND "deletedAt" IS NULL FOR UPDATE', [id]);
    if (locked.length === 0) throw new Problem('not_found');
    return this.get(id); // only now: what was read beside the wait for the lock may be out of date
  }

  /**
   * For giving the role to somebody: it can be neither changed nor deleted until that is committed (the foreign key alone would let
   * through a role that was deleted while its check waited). Undefined when it names nothing here.
   */
  async forAssignment(id: string): Promise<RoleView | undefined> {
    const text = 'SELECT 1 FROM roles WHERE "companyId" = $1 AND id = $2 AND "deletedAt" IS NULL FOR KEY SHARE';
    return (await this.work.query(text, [id])).length > 0 ? this.get(id) : undefined;
  }

  async isInUse(id: string): Promise<boolean> {
    return (await this.work.query(HOLDERS, [id])).length > 0;
  }

  /** Adds permissions that the role does not have. */
  async grant(id: string, names: string[]): Promise<void> {
    if (names.length === 0) return;
    const { createdAt, createdByUserId } = this.work.created();
    await this.work.execute(
      `INSERT INTO role_permissions ("companyId", "roleId", "permissionId", "createdAt", "updatedAt", "createdByUserId", "updatedByUserId")
       SELECT p."companyId", $2, p.id, $4, $4, $5, $5
       FROM permissions p WHERE p."companyId" = $1 AND p.name = ANY ($3) AND p."deletedAt" IS NULL
       RETURNING id`,
      [id, names, createdAt, createdByUserId],
    );
  }

  /** Takes permissions away; their rows stay as the past. */
  async revoke(id: string, names: string[]): Promise<void> {
    if (names.length === 0) return;
    const { updatedAt, updatedByUserId } = this.work.changed();
    await this.work.execute(
      `UPDATE role_permissions SET "deletedAt" = $4, "updatedAt" = $4, "updatedByUserId" = $5, version = version + 1
       WHERE "companyId" = $1 AND "roleId" = $2 AND "deletedAt" IS NULL
         AND "permissionId" IN (SELECT p.id FROM permissions p WHERE p."companyId" = $1 AND p.name = ANY ($3))`,
      [id, names, updatedAt, updatedByUserId],
    );
  }
}
