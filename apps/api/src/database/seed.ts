import { DataSource } from 'typeorm';
import { dataSourceOptions, UnitOfWork } from '#core';
import type { DatabaseAddress } from '#core';
import { entities } from '../entities.js';
import { DEMO_EMAIL, DemoCompanySeed } from './seeds/demo-company.seed.js';
import { SystemRolesSeed } from './seeds/system-roles.seed.js';
import { UserStatusesSeed } from './seeds/user-statuses.seed.js';

/**
 * Makes what is missing, as the owner of the database.
 * @param demoPassword with it also a company to look around in
 * @returns how to sign in there
 */
export async function seed(owner: DatabaseAddress, { demoPassword }: { demoPassword?: string } = {}) {
  const dataSource = await new DataSource({ ...dataSourceOptions(owner, { poolSize: 4, patient: true }), entities }).initialize();
  try {
    const work = new UnitOfWork(dataSource);
    const seeds = [
      new UserStatusesSeed(work),
      new SystemRolesSeed(work),
      ...(demoPassword ? [new DemoCompanySeed(work, demoPassword)] : []),
    ];
    for (const one of seeds) await one.run();
  } finally {
    await dataSource.destroy();
  }
  return demoPassword ? { email: DEMO_EMAIL, password: demoPassword } : undefined;
}
