import { readFile } from 'node:fs/promises';
import type { ProcessStatus } from '../console/status.ts';
import type { ChildState } from './watched-child.ts';

/** What a status needs of a process that is watched. */
export interface WatchedProcess {
  readonly name: string;
  readonly pid: number | undefined;
  readonly state: ChildState;
  readonly restarts: number;
  readonly trouble: string | undefined;
}

const PAGE_BYTES = 4096;

/** The keeper and its children, as the status shows them. */
export async function processStatuses(children: readonly WatchedProcess[]): Promise<ProcessStatus[]> {
  const memory = await Promise.all(children.map(({ pid }) => residentBytes(pid)));
  const keeper: ProcessStatus = {
    name: 'keeper',
    pid: process.pid,
    state: 'running',
    restarts: 0,
    memoryBytes: process.memoryUsage.rss(),
    trouble: undefined,
  };
  const others = children.map(({ name, pid, state, restarts, trouble }, index): ProcessStatus => {
    const shown =
      state === 'running' ? 'running' : state === 'starting' || state === 'waiting' ? 'starting' : 'stopped';
    return { name, pid, state: shown, restarts, memoryBytes: memory[index] ?? 0, trouble };
  });
  return [keeper, ...others];
}

/** Field 2 of /proc/<pid>/statm (proc_pid_statm(5)); 0 where there is none. */
async function residentBytes(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  try {
    const fields = (await readFile(`/proc/${pid}/statm`, 'latin1')).split(' ');
    return Number(fields[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
