import { chown, mkdir } from 'node:fs/promises';
import type { Account } from '../../storage/postgres-account.ts';

/**
 * Makes `directory`, and gives it to `account` where there is one, so that the process may go on working in it after it
 * has given up being root.
 */
export async function makeDirectoryFor(directory: string, account: Account | undefined): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(directory, account.uid, account.gid);
}

/**
 * Goes on as `account`, for good. Called once everything that needs root is done: sockets are bound, the account and the
 * directories exist. Nothing may be imported lazily from here on: the account need not be able to read the program.
 */
export function giveUpRoot(account: Account): void {
  process.setgroups?.([account.gid]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}
