import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCOUNTS_FILE, wholeBytes } from './account-chunks.ts';

/**
 * Adds chunks that were noted with rows to the account log of a journal's folder, which nobody writes any more.
 * @throws what the file system says
 */
export async function addToAccounts(directory: string, chunks: readonly Buffer[]): Promise<void> {
  const path = join(directory, ACCOUNTS_FILE);
  await using file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return open(path, 'wx+', 0o600);
  });
  // What was cut off in the middle would hide what comes behind it.
  const end = wholeBytes(await file.readFile());
  const added = Buffer.concat(chunks);
  await file.write(added, 0, added.length, end);
  await file.truncate(end + added.length);
}
