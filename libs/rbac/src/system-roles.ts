import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { PERMISSION_NAMES, PERMISSIONS, SYSTEM_ROLES } from './permissions.js';
import type { PermissionName, SystemRole } from './permissions.js';
import { Permission, Role, RolePermission } from './role.entity.js';

/** Gives a company its catalogue of permissions and its system roles. */
@Injectable()
export class SystemRoles {
  constructor(private readonly work: UnitOfWork) {}

  /** Makes what is missing in the present company, so that it can be repeated after the catalogue has grown. @returns ids by name */
  async make(): Promise<Record<SystemRole, string>> {
    const permissionIds = await this.ids<PermissionName>('SELECT id, name FROM permissions WHERE "companyId" = $1 AND "deletedAt" IS NULL');
    const permissions = PERMISSION_NAMES.filter((name) => !permissionIds.has(name)).map((name) => ({
      id: randomUUID(),
      name,
      description: PERMISSIONS[name],
    }));
    await this.work.insert(Permission, permissions);
    for (const { name, id } of permissions) permissionIds.set(name, id);

    const roleIds = await this.ids<SystemRole>('SELECT id, name FROM roles WHERE "companyId" = $1 AND system AND "deletedAt" IS NULL');
    const roles = (Object.keys(SYSTEM_ROLES) as SystemRole[])
      .filter((name) => !roleIds.has(name))
      .map((name) => ({ id: randomUUID(), name, description: SYSTEM_ROLES[name].description, system: true }));
    await this.work.insert(Role, roles);
    for (const { name, id } of roles) roleIds.set(name, id);

    const held = await this.work.query<{ roleId: string; permissionId: string }>(
      'SELECT "roleId", "permissionId" FROM role_permissions WHERE "companyId" = $1 AND "deletedAt" IS NULL',
    );
    const known = new Set(held.map((row) => `${row.roleId} ${row.permissionId}`));
    const links = [...roleIds].flatMap(([role, roleId]) =>
      SYSTEM_ROLES[role].permissions.map((name) => ({ roleId, permissionId: permissionIds.get(name)! })),
    );
    const missing = links.filter((link) => !known.has(`${link.roleId} ${link.permissionId}`));
    await this.work.insert(RolePermission, missing);
    await this.moveVersions(missing.map(({ roleId }) => roleId).filter((id) => !roles.some((role) => role.id === id)));
    return Object.fromEntries(roleIds) as Record<SystemRole, string>;
  }

  /** Sentences that the catalogue has put in other words since. As the owner of the database. */
  async reword(): Promise<void> {
    const told = await this.work.query<{ id: string; name: string; description: string }>(
      'SELECT id, name, description FROM permissions WHERE "companyId" = $1 AND "deletedAt" IS NULL',
    );
    for (const { id, name, description } of told) {
      const words = PERMISSIONS[name as PermissionName] as string | undefined;
      if (words === undefined || words === description) continue;
      await this.work.execute('UPDATE permissions SET description = $3 WHERE "companyId" = $1 AND id = $2', [id, words]);
    }
  }

  /** What a role allows is remembered by its version, so a change of it moves the version. */
  private async moveVersions(grown: string[]): Promise<void> {
    if (grown.length === 0) return;
    const { updatedAt } = this.work.changed();
    await this.work.execute('UPDATE roles SET version = version + 1, "updatedAt" = $3 WHERE "companyId" = $1 AND id = ANY ($2)', [
      grown,
      updatedAt,
    ]);
  }

  private async ids<Name extends string>(text: string): Promise<Map<Name, string>> {
    return new Map((await this.work.query<{ id: string; name: Name }>(text)).map((row) => [row.name, row.id]));
  }
}
