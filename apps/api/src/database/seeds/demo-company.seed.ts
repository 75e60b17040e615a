import { createHash, randomUUID } from 'node:crypto';
import { Founding, Team, TeamMember } from '#companies';
import { Audit } from '#core';
import type { UnitOfWork } from '#core';
import { Passwords, statusIdOf, User } from '#identity';
import { SystemRoles } from '#rbac';
import { ActionCode } from '#timesheets';
import { BaseSeed } from './base-seed.js';

const NAME = 'Analytical Engines (demo)';
export const DEMO_EMAIL = 'ada@demo.example';

/** Always the same ids, so that a second run finds what the first one made. */
const idOf = (name: string): string =>
  createHash('sha256')
    .update(`ncy8 demo ${name}`)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');

/** A small company to look around in; everybody signs in with the same password. */
export class DemoCompanySeed extends BaseSeed {
  constructor(
    work: UnitOfWork,
    private readonly password: string,
  ) {
    super(work);
  }

  override async run(): Promise<void> {
    const companyId = idOf('company');
    if ((await this.work.companyIds()).includes(companyId)) return;
    const passwordHash = await new Passwords().hash(this.password);
    await this.work.within({ companyId, userId: idOf('ada') }, () => this.make(passwordHash));
  }

  private async make(passwordHash: string): Promise<void> {
    const founding = new Founding(this.work, new SystemRoles(this.work), new Audit(this.work));
    const owner = { email: DEMO_EMAIL, firstName: 'Ada', lastName: 'Lovelace' };
    const roles = await founding.found({ name: NAME, timezone: 'Europe/Berlin', owner }, passwordHash);
    const statusId = await statusIdOf(this.work, 'ACTIVE');
    const person = (firstName: string, lastName: string, roleId: string) => ({
      ...this.work.created(),
      id: idOf(firstName),
      email: `${firstName.toLowerCase()}@demo.example`,
      firstName,
      lastName,
      passwordHash,
      roleId,
      statusId,
    });
    const manager = await this.work.manager();
    await manager.insert(User, [
      person('Grace', 'Hopper', roles.Manager),
      person('Mary', 'Somerville', roles.Employee),
      person('Charles', 'Babbage', roles.Employee),
    ]);
    const teamId = idOf('team');
    await manager.insert(Team, { ...this.work.created(), id: teamId, name: 'Difference Engine' });
    await manager.insert(TeamMember, [
      { ...this.work.created(), teamId, userId: idOf('Mary'), role: 'lead' },
      { ...this.work.created(), teamId, userId: idOf('Charles'), role: 'member' },
    ]);
    await manager.insert(ActionCode, [
      { ...this.work.created(), id: randomUUID(), code: 'DEV', name: 'Development' },
      { ...this.work.created(), id: randomUUID(), code: 'MEET', name: 'Meetings', type: 'non-billable' },
    ]);
  }
}
