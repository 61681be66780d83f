import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder that batches may wait in, as the file system shows it. */
export interface FolderOnDisk {
  readonly directory: string;
  /** Of the process that has it; undefined where nobody has. */
  readonly ownerPid: number | undefined;
  /** Segments and drafts. */
  readonly files: readonly string[];
}

/** All journal folders of a node below `root`, of its workers and those that workers have left. */
export async function journalFoldersOnDisk(root: string): Promise<FolderOnDisk[]> {
  const folders: FolderOnDisk[] = [];
  for (const node of await namesIn(root)) {
    for (const name of await namesIn(join(root, node))) folders.push(await look(join(root, node, name)));
  }
  return folders;
}

async function look(directory: string): Promise<FolderOnDisk> {
  const names = await namesIn(directory);
  const drafts = (await namesIn(join(directory, 'drafts'))).filter((name) => name.endsWith('.draft'));
  const segments = names.filter((name) => name.endsWith('.journal'));
  const claims = names.filter((name) => /^claim\.\d+$/.test(name)).toSorted(byNumber);
  return { directory, ownerPid: await ownerIn(directory, claims.at(-1)), files: [...segments, ...drafts] };
}

/** The highest claim owns. */
async function ownerIn(directory: string, claim: string | undefined): Promise<number | undefined> {
  if (claim === undefined) return undefined;
  const text = await readFile(join(directory, claim), 'utf8').catch(() => '{}');
  const { pid }: { pid?: number } = JSON.parse(text);
  return pid;
}

function byNumber(one: string, other: string): number {
  return Number(one.slice('claim.'.length)) - Number(other.slice('claim.'.length));
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
