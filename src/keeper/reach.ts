import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Account } from '../../storage/embedded/postgres-account.ts';
import { messageOf } from '../runtime/errors.ts';

/** Prints the first of its parameters that cannot be read (a folder: entered and listed), if there is one. */
const PROBE = `for path do
  if [ -d "$path" ]; then [ -r "$path" ] && [ -x "$path" ]; else [ -r "$path" ]; fi || { printf %s "$path"; exit 0; }
done`;

/** Where the program's own files are; one that is missing here (as in a published package) is passed over. */
const FOLDERS = ['src', 'collectors', 'storage', 'ha'];

/**
 * Whether a process of `account` could be started anew: asked of the kernel, as that account, so that groups, parent folders and
 * access lists count as they are.
 * @param files absolute; files and folders
 * @returns the first that is out of its reach, with the reason where that is not its mode; undefined: it reaches them all
 */
export function whatAccountCannotReach(account: Account, files: readonly string[]): string | undefined {
  try {
    const { uid, gid } = account;
    const first = execFileSync('/bin/sh', ['-c', PROBE, 'sh', ...files], {
      uid,
      gid,
      cwd: '/',
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return first === '' ? undefined : first;
  } catch (error) {
    return `/bin/sh as ${account.name} (${messageOf(error)})`;
  }
}

/** What a child reads as it starts: Node itself, the program's files below `root`, and the packages that it may use. */
export function programFiles(root: string): string[] {
  const own = FOLDERS.map((folder) => join(root, folder)).filter((folder) => existsSync(folder));
  const below = own.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const packages = join(root, 'node_modules');
  const manifests = existsSync(packages)
    ? readdirSync(packages)
        .map((name) => join(packages, name, 'package.json'))
        .filter((manifest) => existsSync(manifest))
    : [];
  return [process.execPath, join(root, 'package.json'), ...own, ...below, ...manifests];
}
