import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './postgres.ts';

export interface SmallDisk {
  readonly directory: string;
  /** Whether it takes writes. */
  setReadOnly(isReadOnly: boolean): void;
}

/** A disk of its own of `bytes`, in memory, for the time of a test; undefined where this account cannot mount one. */
export async function smallDisk(t: TestContext, bytes: number): Promise<SmallDisk | undefined> {
  const directory = join(await temporaryDirectory(), 'disk');
  await mkdir(directory);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  // Lazily: a test that failed may have files open.
  t.after(() => execFileSync('umount', ['-l', directory]));
  return {
    directory,
    setReadOnly(isReadOnly) {
      execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, directory]);
    },
  };
}
