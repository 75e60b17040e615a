import { readFileSync, readdirSync } from 'node:fs';

const TICK_US = 10_000; // /proc counts in hundredths of a second

/** User and system time of a process so far, in microseconds, as the operating system counted it. */
function spent(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return 0; // it has ended
  }
}

const parent = (pid) => {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
  } catch {
    return 0;
  }
};

export const cpuOf = (pid) => spent(pid);

/** A server and all its backends. */
export const cpuOfTree = (root) =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid === root || parent(pid) === root)
    .reduce((sum, pid) => sum + spent(pid), 0);
