import { readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMissing } from '../claim/claim-watch.ts';
import { ACCOUNTS_FILE } from '../../losses/account-chunks.ts';

/** A folder with batches, or for them. */
export interface JournalFolder {
  readonly directory: string;
  /** Whose it is, by its path; undefined in the layout of earlier versions, which had one folder only. */
  readonly node: string | undefined;
}

/** Of a worker; or one that a worker went to when it could not have its own: `0.7f3a9b21`. */
const FOLDER_NAME = /^\d+(\.[0-9a-f]+)?$/;

/** Where worker number `worker` of a node has its journal. */
export function workerFolder(root: string, node: string, worker: number): string {
  return join(root, node, String(worker));
}

/**
 * All journal folders below `root`, whoever has them; `root` itself where an earlier version left batches in it.
 * @throws what the file system says
 */
export async function journalFolders(root: string): Promise<JournalFolder[]> {
  const folders: JournalFolder[] = [];
  const entries = await namesIn(root);
  if (entries.some(isSegment)) folders.push({ directory: root, node: undefined });
  for (const node of entries) {
    for (const name of await namesIn(join(root, node))) {
      if (FOLDER_NAME.test(name)) folders.push({ directory: join(root, node, name), node });
    }
  }
  return folders;
}

/** Whether it was made beside a worker's own folder, for one process only. */
export function isSibling({ directory, node }: JournalFolder): boolean {
  return node !== undefined && basename(directory).includes('.');
}

/**
 * Whether somebody should look after the folder once nobody owns it: it has batches or drafts of batches, or is of no use any more.
 * @param withAccounts whether an account of losses that was not written is reason enough
 */
export async function needsAdoption(folder: JournalFolder, withAccounts: boolean): Promise<boolean> {
  const names = await namesIn(folder.directory);
  if (names.some(isSegment)) return true;
  if (withAccounts && names.includes(ACCOUNTS_FILE)) return true;
  if (folder.node !== undefined && (await namesIn(join(folder.directory, 'drafts'))).length > 0) return true;
  return isSibling(folder) && names.every((name) => name.startsWith('claim.') || name === 'drafts');
}

/**
 * What waits in the journal folders below `root`, but for `except`.
 * @returns how many folders have segments, and the bytes of these, also of batches in them that are done
 */
export async function journalFoldersDepth(
  root: string,
  except: ReadonlySet<string> = new Set(),
): Promise<{ folders: number; bytes: number }> {
  let [folders, bytes] = [0, 0];
  for (const { directory } of await journalFolders(root)) {
    if (except.has(directory)) continue;
    const segments = (await namesIn(directory)).filter(isSegment);
    if (segments.length > 0) folders += 1;
    for (const name of segments) bytes += await sizeOf(join(directory, name));
  }
  return { folders, bytes };
}

/**
 * Deletes a folder of which nothing is left but what it was claimed with, and that of its node if it was the last one.
 * @returns the names of the files because of which it stays
 */
export async function removeFolder({ directory, node }: JournalFolder): Promise<string[]> {
  // Half-made claims of processes that died over it. A claim itself is somebody's.
  const names = await namesIn(directory);
  for (const name of names.filter((each) => /^claim\.\d+\../.test(each)))
    await unlink(join(directory, name)).catch(() => {});
  if (node === undefined) return [];
  await rmdir(join(directory, 'drafts')).catch(() => {});
  const isGone = await rmdir(directory).then(
    () => true,
    (error: unknown) => isMissing(error),
  );
  if (!isGone) return namesIn(directory);
  await rmdir(dirname(directory)).catch(() => {}); // not empty
  return [];
}

function isSegment(name: string): boolean {
  return name.endsWith('.journal');
}

/** None where it is missing, or no folder. */
async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (isMissing(error) || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
