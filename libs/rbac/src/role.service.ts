import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, changes, expectVersion, Problem, UnitOfWork } from '#core';
import type { AuditActionOn, Change, ExpectedVersion } from '#core';
import { AccessChanges } from './access-changes.js';
import { Escalation } from './escalation.js';
import type { PermissionName } from './permissions.js';
import type { Principal } from './principal.js';
import type { CreateRole, RoleView, UpdateRole } from './role.dto.js';
import { Role } from './role.entity.js';
import { RoleRepository } from './role.repository.js';

@Injectable()
export class RoleService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly roles: RoleRepository,
    private readonly escalation: Escalation,
    private readonly accessChanges: AccessChanges,
    private readonly audit: Audit,
  ) {}

  /** @throws 403 `privilege_escalation`, 409 `role_name_taken` */
  async create(caller: Principal, { permissions = [], ...fields }: CreateRole): Promise<RoleView> {
    await this.escalation.refuseBeyond(caller, permissions, { targetType: 'Role' });
    const id = randomUUID();
    await this.work.insert(Role, { id, ...fields });
    await this.roles.grant(id, permissions);
    const made = await this.roles.get(id);
    const { name, description } = made;
    await this.tell('role_created', id, { after: { name, description, permissions: made.permissions } });
    return made;
  }

  /** @throws 412, 409 `system_role`, `role_name_taken`; a change that changes nothing leaves the version alone */
  async change(id: string, fields: UpdateRole, expected: ExpectedVersion): Promise<RoleView> {
    const before = await this.changeable(id, expected);
    const told = changes(before, fields);
    if (!told) return before;
    await this.work.update(Role, { id }, fields);
    await this.tell('role_updated', id, told);
    return this.roles.get(id);
  }

  /** Sets all permissions of a role. @throws 403 `privilege_escalation` for one that is new and not the caller's own, 412, 409 `system_role` */
  async setPermissions(caller: Principal, id: string, permissions: PermissionName[], expected: ExpectedVersion): Promise<RoleView> {
    const role = await this.roles.lock(id);
    const added = permissions.filter((name) => !role.permissions.includes(name));
    await this.escalation.refuseBeyond(caller, added, { targetType: 'Role', targetId: id });
    requireChangeable(role, expected);
    const removed = role.permissions.filter((name) => !(permissions as string[]).includes(name));
    if (added.length === 0 && removed.length === 0) return role;
    await this.roles.revoke(id, removed);
    await this.roles.grant(id, added);
    await this.work.update(Role, { id }, {});
    await this.accessChanges.changed();
    const after = await this.roles.get(id);
    await this.tell('role_permissions_changed', id, {
      before: { permissions: role.permissions },
      after: { permissions: after.permissions },
    });
    return after;
  }

  /** @throws 412, 409 `system_role`, `role_in_use` */
  async delete(id: string, expected: ExpectedVersion): Promise<void> {
    const { name, description, permissions } = await this.changeable(id, expected);
    if (await this.roles.isInUse(id)) throw new Problem('role_in_use');
    await this.roles.revoke(id, permissions);
    await this.work.delete(Role, { id });
    await this.accessChanges.changed();
    await this.tell('role_deleted', id, { before: { name, description, permissions } });
  }

  private async changeable(id: string, expected: ExpectedVersion): Promise<RoleView> {
    const role = await this.roles.lock(id);
    requireChangeable(role, expected);
    return role;
  }

  private tell(action: AuditActionOn<'Role'>, targetId: string, { before, after }: Change) {
    return this.audit.record({ action, targetType: 'Role', targetId, before, after });
  }
}

function requireChangeable(role: RoleView, expected: ExpectedVersion): void {
  expectVersion(role, expected);
  if (role.system) throw new Problem('system_role');
}
