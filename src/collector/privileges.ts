import type { Account } from '../../storage/embedded/postgres-account.ts';

/**
 * Goes on as `account`, for good. Called once everything that needs root is done: sockets are bound, the account and the
 * directories exist. Nothing may be imported lazily from here on: the account need not be able to read the program.
 */
export function giveUpRoot(account: Account): void {
  process.setgroups?.([account.gid]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}
