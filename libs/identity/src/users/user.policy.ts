import { Injectable } from '@nestjs/common';
import { Config, Problem, UnitOfWork } from '#core';
import { Escalation, may, RoleRepository } from '#rbac';
import type { Principal, RoleView } from '#rbac';
import { plainEmail } from '../sign-in/attempt-keys.js';
import type { ColleagueView, UserView } from './user.dto.js';

/** Of a user, whose values are not for the audit log. */
export const PERSONAL = ['email', 'firstName', 'lastName', 'phoneNumber', 'externalId'];

/** As the entity says what becomes of an e-mail. */
const ANONYMISED = /^deleted-([\da-f-]{36})@(.+)$/;

export const seesEverything = (caller: Principal): boolean => may(caller, 'read_user');

/** Everything of a user for oneself and for holders of `read_user`; the name for all others. */
export function shownTo(caller: Principal, user: UserView): UserView | ColleagueView {
  if (user.id === caller.userId || seesEverything(caller)) return user;
  const { id, firstName, lastName } = user;
  return { id, firstName, lastName };
}

/** What may be done to a user, with which role and which e-mail. */
@Injectable()
export class UserPolicy {
  constructor(
    private readonly work: UnitOfWork,
    private readonly roles: RoleRepository,
    private readonly escalation: Escalation,
    private readonly config: Config,
  ) {}

  /**
   * Whoever acts on another user holds all that the other one holds, and so does a key that acts on its owner: with a new e-mail it could
   * become the owner. Call it before the first write.
   * @throws 403 `privilege_escalation`
   */
  async requireOver(caller: Principal, userId: string, roleId: string): Promise<void> {
    if (userId === caller.userId && caller.sessionId !== null) return;
    const { permissions } = await this.roles.get(roleId);
    await this.escalation.refuseBeyond(caller, permissions, { targetType: 'User', targetId: userId, userId });
  }

  /** Whoever makes themselves an approver of somebody holds what that gives. Call it before the first write. @throws 403 `privilege_escalation` */
  async requireApproving(caller: Principal, userId: string): Promise<void> {
    await this.escalation.refuseBeyond(caller, ['approve_timesheet'], { targetType: 'User', targetId: userId, userId });
  }

  /** Whether a role is still there; if so, nobody changes or deletes it until the end of the transaction. */
  async keeps(roleId: string): Promise<boolean> {
    return (await this.roles.forAssignment(roleId)) !== undefined;
  }

  /**
   * A role that the caller wants to hand out; nobody changes or deletes it until the end of the transaction.
   * @throws 400 `unknown_reference`
   */
  async role(roleId: string): Promise<RoleView> {
    const role = await this.roles.forAssignment(roleId);
    if (!role) throw Problem.field('/roleId', 'names nothing here', 'unknown_reference');
    return role;
  }

  /** Nobody hands out what they do not hold. Call it before the first write. @throws 403 `privilege_escalation` */
  async requireHeld(caller: Principal, role: RoleView, userId: string | null): Promise<void> {
    await this.escalation.refuseBeyond(caller, role.permissions, { targetType: 'Role', targetId: role.id, userId });
  }

  /**
   * The address that anonymisation gives to somebody stays free for them.
   * @param id whose address it is to be; undefined for a new user
   * @returns what is wrong with it, if anything is
   */
  faultOfEmail(email: string, id?: string): string | undefined {
    const [, whose, domain] = ANONYMISED.exec(plainEmail(email)) ?? [];
    const isTaken = domain === this.config.anonymizedEmailDomain.toLowerCase() && whose !== id;
    return isTaken ? 'is of the form that anonymised users get' : undefined;
  }

  /** @throws 409 `email_domain_not_allowed` where the company requires an address of its own */
  async requireAllowedEmail(email: string): Promise<void> {
    const [settings] = await this.work.query<{ allowedEmailDomains: string[] | null; requireCompanyEmail: boolean }>(
      'SELECT "allowedEmailDomains", "requireCompanyEmail" FROM company_settings WHERE "companyId" = $1',
    );
    const domains = settings?.allowedEmailDomains ?? [];
    if (!settings?.requireCompanyEmail || domains.length === 0) return;
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    if (!domains.some((allowed) => allowed.toLowerCase() === domain)) throw new Problem('email_domain_not_allowed');
  }
}
