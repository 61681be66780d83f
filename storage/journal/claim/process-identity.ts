import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAlive } from '../../process-lock.ts';
import type { ClaimRecord } from './claim-record.ts';

type ProcessIdentity = Pick<ClaimRecord, 'hostname' | 'bootId' | 'pidNamespace' | 'pid' | 'start'>;

/** Who this process is, as others on a shared folder may tell it from every other process. */
export function ownIdentity(): ProcessIdentity {
  return {
    hostname: hostname(),
    // Without it, as on macOS, the name of the machine has to do.
    bootId: textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')) ?? hostname(),
    pidNamespace: textOf(() => readlinkSync('/proc/self/ns/pid')) ?? '-',
    pid: process.pid,
    start: startOf(process.pid) ?? '-',
  };
}

/** Whether the process numbers of `other` are ours: same machine, same boot, same container. */
export function isHere(other: ProcessIdentity): boolean {
  const own = ownIdentity();
  return other.bootId === own.bootId && other.pidNamespace === own.pidNamespace;
}

/** Whether a process that `isHere` lives. */
export function lives({ pid, start }: ProcessIdentity): boolean {
  if (pid === 0 || !isAlive(pid)) return false;
  const now = startOf(pid);
  return now === undefined || start === '-' || start === now;
}

// Field 22 of /proc/<pid>/stat (proc_pid_stat(5)): tells a process from a later one with the same number. The name before
// it, in parentheses, may contain anything.
function startOf(pid: number): string | undefined {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function textOf(read: () => string): string | undefined {
  try {
    return read().trim();
  } catch {
    return undefined;
  }
}
