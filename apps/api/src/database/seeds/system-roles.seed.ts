import { SystemRoles } from '#rbac';
import { BaseSeed } from './base-seed.js';

/** The catalogue of permissions and the system roles of every company: what a new version adds reaches the companies that exist. */
export class SystemRolesSeed extends BaseSeed {
  override async run(): Promise<void> {
    const companies = await this.work.outside<{ id: string }>('SELECT company_ids AS id FROM company_ids()');
    for (const { id } of companies) {
      await this.work.within({ companyId: id, userId: null }, () => new SystemRoles(this.work).make());
    }
  }
}
