import { PERMISSION_NAMES, PERMISSIONS, SYSTEM_ROLES } from '#rbac';
import type { PermissionName, SystemRole } from '#rbac';
import type { Route } from '../routes.js';

const roles = Object.keys(SYSTEM_ROLES) as SystemRole[];

/** docs/permissions.md: each permission with its meaning, the routes that need it, and the system roles that have it. */
export function permissionsText(routes: Route[]): string {
  const open = routes.filter(({ access }) => access?.kind === 'public');
  return `# Permissions

Written by \`npm run docs\`. A permission reaches the whole company and never beyond it. The routes of the one column need it. Those of the other are open to whoever is signed in, and with it one reaches beyond what is theirs.

| permission | lets | needed by | reaches more on | ${roles.join(' | ')} |
| --- | --- | --- | --- | ${roles.map(() => '---').join(' | ')} |
${PERMISSION_NAMES.map((name) => row(name, routes)).join('\n')}

Open to everybody: ${open.map(inWords).join(', ')}.
Routes that are not named here are open to whoever is signed in, for what is theirs, what they lead, and what all may see.
`;
}

function row(name: PermissionName, routes: Route[]): string {
  const needing = routes.filter(({ access }) => access?.kind === 'permission' && access.permissions.includes(name));
  const reaching = routes.filter(({ access }) => access?.kind === 'own' && access.or.includes(name));
  const held = roles.map((role) => ((SYSTEM_ROLES[role].permissions as readonly PermissionName[]).includes(name) ? 'yes' : ''));
  return `| \`${name}\` | ${PERMISSIONS[name]} | ${needing.map(inWords).join(', ')} | ${reaching.map(inWords).join(', ')} | ${held.join(' | ')} |`;
}

const inWords = ({ method, path }: Route): string => `\`${method} ${path.replace('/api/v1', '')}\``;
