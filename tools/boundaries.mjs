// Holds the imports of this project to .dependency-cruiser.cjs, then holds those rules to account: in a made-up tree
// every kind of violation is planted once, and each must be caught, and nothing else.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

function cruise(cwd) {
  const folders = ['apps', 'libs', 'migrations', 'tools', 'packages'].filter((name) => existsSync(join(cwd, name)));
  const args = [cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 2 ** 28 }, (failed, stdout, stderr) => {
      try {
        const { modules, summary } = JSON.parse(stdout);
        const own = modules.filter(({ source }) => /^(apps|libs|migrations|tools|packages)\//.test(source));
        resolve({ modules: own.length, violations: summary.violations });
      } catch {
        reject(new Error(`dependency-cruiser gave no answer: ${stderr || failed?.message}`));
      }
    });
  });
}

// What is allowed: it must not be caught. Every file below is one that the planted ones import, or a pattern that people use.
const legal = {
  'libs/core/src/clock.ts': `export const now = () => new Date();`,
  'libs/core/src/index.ts': `export * from './clock.js';`,
  'libs/rbac/src/index.ts': `import type { now } from '#core'; export type Role = typeof now;`,
  'libs/identity/src/user.entity.ts': `import { Column } from 'typeorm'; export const User = Column;`,
  'libs/identity/src/index.ts': `import type { Role } from '#rbac'; export { User } from './user.entity.js'; export type R = Role;`,
  'libs/identity/src/user.spec.ts': `import fc from 'fast-check'; import { app } from '../../../test/app.js'; void [fc, app];`,
  'libs/leave/src/p3.ts': `import type { A } from './p2.js'; export type B = A | 2;`, // the other half of a cycle, which is reported once
  'libs/gdpr/src/index.ts': `export { User } from '#identity';`,
  'apps/api/src/main.ts': `import { User } from '#gdpr'; import { launch } from '../../../tools/launch.js'; void [User, launch];`,
  'migrations/1-first.ts': `import type { QueryRunner } from 'typeorm'; export type R = QueryRunner;`,
  'test/app.ts': `import '../apps/api/src/main.js'; export const app = 1;`,
  'tools/launch.ts': `import { spawn } from 'node:child_process'; export const launch = spawn;`,
  'tools/lint.mjs': `import fc from 'fast-check'; void fc;`,
  'dist/libs/core/src/index.js': `export {};`,
};

// The rules that must catch it, the file, its text.
const planted = [
  ['direction-core', 'libs/core/src/p1.ts', `import type { User } from '#identity'; export type U = User;`],
  ['direction-core', 'libs/core/src/p2.ts', `export type U = import('#rbac').Role;`],
  ['direction-rbac', 'libs/rbac/src/p1.ts', `export const late = () => import('#identity');`],
  ['direction-identity', 'libs/identity/src/p1.ts', `export type * from '#gdpr';`],
  ['direction-identity', 'libs/identity/src/p2.spec.ts', `import '#gdpr';`],
  ['direction-companies', 'libs/companies/src/p1.ts', `import '../../../apps/api/src/main.js';`],
  ['direction-leave', 'libs/leave/src/p1.ts', `import { launch } from '../../../tools/launch.js'; void launch;`],
  ['direction-timesheets', 'libs/timesheets/src/p1.ts', `import type { R } from '../../../migrations/1-first.js'; export type X = R;`],
  ['direction-gdpr', 'libs/gdpr/src/p1.ts', `import '../../../apps/api/src/main.js';`],
  ['lib-without-place', 'libs/payroll/src/p1.ts', `import { now } from '#core'; void now;`],
  ['no-cycle', 'libs/leave/src/p2.ts', `import type { B } from './p3.js'; export type A = B | 1;`],
  ['past-the-index, not-by-name', 'libs/leave/src/p4.ts', `import { User } from '../../identity/src/user.entity.js'; void User;`],
  ['past-the-index, not-by-name', 'apps/api/src/p1.ts', `import { now } from '../../../libs/core/src/clock.js'; void now;`],
  ['not-by-name', 'libs/leave/src/p5.ts', `import { User } from '../../identity/src/index.js'; void User;`],
  ['own-name', 'libs/rbac/src/p2.ts', `import '#rbac';`],
  ['unresolvable', 'libs/leave/src/p6.ts', `import { now } from '#core/clock'; void now;`],
  ['built', 'apps/api/src/p2.ts', `import '../../../dist/libs/core/src/index.js';`],
  ['migration-imports', 'migrations/2-p.ts', `import { now } from '#core'; void now;`],
  ['migration-imports', 'migrations/3-p.ts', `import { readFileSync } from 'node:fs'; void readFileSync;`],
  ['migration-values', 'migrations/4-p.ts', `import { Table } from 'typeorm'; void Table;`],
  ['tool-imports', 'tools/p1.ts', `import { now } from '#core'; void now;`],
  ['tool-imports', 'tools/p2.mjs', `await import('../apps/api/src/main.ts');`],
  ['client-alone', 'packages/client/src/p1.ts', `import '#core';`],
  ['undeclared', 'libs/leave/src/p7.ts', `import fc from 'fast-check'; void fc;`],
  ['undeclared', 'libs/leave/src/p8.ts', `import type { X } from 'in-no-package-json'; export type Y = X;`],
  ['production-tests', 'libs/leave/src/p9.ts', `import { app } from '../../../test/app.js'; void app;`],
  ['spec-imported', 'libs/identity/src/p3.ts', `import './user.spec.js';`],
];

async function plant() {
  const tree = mkdtempSync(join(tmpdir(), 'boundaries-'));
  process.on('exit', () => rmSync(tree, { recursive: true, force: true }));
  const write = (path, text) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${text}\n`);
  };
  for (const name of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.json', 'tsconfig.lint.json'])
    cpSync(join(root, name), join(tree, name));
  for (const name of ['typeorm', 'fast-check', 'in-no-package-json']) {
    write(`node_modules/${name}/package.json`, `{ "name": "${name}", "version": "1.0.0" }`);
    write(`node_modules/${name}/index.js`, '');
  }
  for (const [path, text] of Object.entries(legal)) write(path, text);
  for (const [, path, text] of planted) write(path, text);
  const { violations } = await cruise(tree);
  const caught = new Set(violations.map(({ rule, from }) => `${rule.name} in ${from}`));
  const expected = new Set(planted.flatMap(([rules, path]) => rules.split(', ').map((rule) => `${rule} in ${path}`)));
  return [
    ...[...expected.difference(caught)].map((what) => `planted and not caught: ${what}`),
    ...[...caught.difference(expected)].map((what) => `caught, although allowed: ${what}`),
  ];
}

const [{ modules, violations }, escaped] = await Promise.all([cruise(root), plant()]);
for (const { rule, from, to, cycle } of violations) {
  const way = [from, ...(cycle?.map(({ name }) => name) ?? [to])].join(' -> ');
  console.error(`${rule.name}: ${way}`);
}
for (const line of escaped) console.error(line);
const failed = violations.length > 0 || escaped.length > 0 || modules === 0;
const outcome = escaped.length > 0 ? 'planted violations NOT all caught' : `${planted.length} planted violations caught`;
console.log(`boundaries: ${modules} modules, ${violations.length} violations, ${outcome}`);
process.exitCode = failed ? 1 : 0;
