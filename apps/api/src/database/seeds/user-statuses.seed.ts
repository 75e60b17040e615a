import { BaseSeed } from './base-seed.js';

const STATUSES = [
  { code: 'INVITED', name: 'Invited', description: 'Has a link, but no password yet.', canLogin: false, isTerminal: false },
  { code: 'ACTIVE', name: 'Active', description: 'Works here and signs in.', canLogin: true, isTerminal: false },
  { code: 'SUSPENDED', name: 'Suspended', description: 'May not sign in for now.', canLogin: false, isTerminal: false },
  { code: 'TERMINATED', name: 'Terminated', description: 'Has left for good.', canLogin: false, isTerminal: true },
];

export class UserStatusesSeed extends BaseSeed {
  override async run(): Promise<void> {
    for (const { code, name, description, canLogin, isTerminal } of STATUSES) {
      await this.work.outside(
        `INSERT INTO user_statuses (code, name, description, "canLogin", "isTerminal") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (code) DO NOTHING`,
        [code, name, description, canLogin, isTerminal],
      );
    }
  }
}
