import { SystemRoles } from '#rbac';
import { BaseSeed } from './base-seed.js';

/** The catalogue of permissions and the system roles of every company: what a new version adds, or words otherwise, reaches those that exist. */
export class SystemRolesSeed extends BaseSeed {
  override async run(): Promise<void> {
    for (const companyId of await this.work.companyIds()) {
      await this.work.within({ companyId, userId: null }, async () => {
        const roles = new SystemRoles(this.work);
        await roles.make();
        await roles.reword();
      });
    }
  }
}
