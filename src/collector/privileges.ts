import type { Account } from '../../storage/embedded/postgres-account.ts';

/**
 * Goes on as `account`, for good. Called once everything that needs root is done: sockets are bound, the account and the
 * directories exist. Nothing may be imported lazily from here on: the account need not be able to read the program.
 */
export function giveUpRoot(account: Account): void {
  process.seteuid?.(0);
  process.setgroups?.([account.gid]);
  process.setgid?.(account.gid);
  process.setuid?.(account.uid);
}

/** Acts as `account` from here on, but for what `asRoot` does, until `giveUpRoot`: files that are made belong to it. */
export function actAs({ uid, gid }: Account): void {
  process.setgroups?.([gid]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
}

/** Does one step as root again, after `actAs`; for secrets that root alone can read. */
export async function asRoot<T>({ uid }: Account, step: () => Promise<T>): Promise<T> {
  process.seteuid?.(0);
  try {
    return await step();
  } finally {
    process.seteuid?.(uid);
  }
}
