import { readFileSync, readdirSync } from 'node:fs';

const TICK_US = 10_000; // /proc counts in hundredths of a second

/** What the operating system counted of a process so far, in microseconds; `gone` is that of its children that have ended. */
function stat(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').map(Number);
    const [user, system, goneUser, goneSystem] = fields.slice(11, 15);
    return { parent: fields[1], own: (user + system) * TICK_US, gone: (goneUser + goneSystem) * TICK_US };
  } catch {
    return { parent: 0, own: 0, gone: 0 }; // it has ended
  }
}

/** User and system time of a process. */
export const cpuOf = (pid) => stat(pid).own;

/** Of a server and all its backends, those that were there and are gone included. */
export function cpuOfTree(root) {
  const { own, gone } = stat(root);
  const children = readdirSync('/proc').map(Number).filter(Boolean).map(stat);
  return children.filter(({ parent }) => parent === root).reduce((sum, child) => sum + child.own, own + gone);
}
