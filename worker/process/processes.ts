import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/**
 * The variable that marks the processes of one attempt. Whatever a program starts inherits it, also what leaves the
 * process group, so that it can be found.
 */
export const MARK = 'ASSAY_PROCESS';

/** The processes of this machine by their group, as far as /proc shows them. */
export function processGroups(): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const pid of processIds()) {
    const stat = read(`/proc/${pid}/stat`) ?? '';
    // The name in parentheses may hold anything, so the fields are counted from its end.
    const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [pid]);
    else members.push(pid);
  }
  return groups;
}

/** Memory that processes hold in RAM, in bytes; a page that several of them share counts for each. */
export function residentBytes(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '');
    if (match !== null) sum += Number(match[1]) * 1024;
  }
  return sum;
}

/** Those that carry a mark, as far as this user may look. */
export function markedProcesses(mark: string): number[] {
  const wanted = `${MARK}=${mark}`;
  return processIds().filter((pid) => {
    if (pid === process.pid) return false;
    const environment = read(`/proc/${pid}/environ`);
    return environment?.split('\0').includes(wanted) === true;
  });
}

/**
 * Memory that processes hold, in bytes, a page that several of them share counted once; undefined where the system does
 * not say. Slow for large processes.
 */
export function proportionalBytes(pids: readonly number[]): number | undefined {
  let sum = 0;
  for (const pid of pids) {
    const match = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '');
    if (match === null) return undefined;
    sum += Number(match[1]) * 1024;
  }
  return sum;
}

/** A process that starts others while it is looked for is found in the next round. */
const MOST_ROUNDS = 50;

/** Kills whatever carries the mark, but for this process. */
export function killMarked(mark: string): void {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const left = markedProcesses(mark);
    if (left.length === 0) return;
    // Stopped first, so that none of them starts another while the others are killed.
    for (const pid of left) signal(pid, 'SIGSTOP');
    for (const pid of left) signal(pid, 'SIGKILL');
  }
}

/** False when there is no such group. */
export function killGroup(group: number): boolean {
  return signal(-group, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Read into again and again: files of /proc tell no size, and a new buffer for each would be large. */
const buffer = Buffer.allocUnsafe(1 << 18);

/** Undefined for a process that is gone or another user's. */
function read(path: string): string | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      let length = 0;
      for (let more = -1; more !== 0 && length < buffer.length; length += more) {
        more = readSync(file, buffer, length, buffer.length - length, null);
      }
      return buffer.toString('latin1', 0, length);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
