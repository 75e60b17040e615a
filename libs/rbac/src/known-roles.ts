import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { isPermission } from './permissions.js';
import type { PermissionName } from './permissions.js';

const KEPT_AT_MOST = 10_000;

const READ = `
  SELECT p.name FROM role_permissions rp
  JOIN permissions p ON p."companyId" = $1 AND p.id = rp."permissionId" AND p."deletedAt" IS NULL
  WHERE rp."companyId" = $1 AND rp."roleId" = $2 AND rp."deletedAt" IS NULL`;

/**
 * What roles allow, remembered by their version: each change of a role's permissions moves it, so what is known of a version stays true.
 * Joining them to each principal was half of its cost.
 */
@Injectable()
export class KnownRoles {
  private readonly known = new Map<string, { version: number; permissions: ReadonlySet<PermissionName> }>();

  constructor(private readonly work: UnitOfWork) {}

  /** @param version of the role, read before in the present transaction */
  async permissions(roleId: string, version: number): Promise<ReadonlySet<PermissionName>> {
    const key = `${this.work.tenant.companyId} ${roleId}`;
    const known = this.known.get(key);
    if (known?.version === version) return known.permissions;
    const rows = await this.work.query<{ name: string }>(READ, [roleId]);
    const found = new Set(rows.map(({ name }) => name).filter(isPermission));
    if (this.known.size >= KEPT_AT_MOST) this.known.clear();
    this.known.set(key, { version, permissions: found });
    return found;
  }
}
