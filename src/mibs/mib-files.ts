import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../runtime/errors.ts';
import type { MibFinding } from './finding.ts';

/** The largest module seen has 3 MB. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_FILES = 20_000;
/** Folders by vendor, and perhaps by version. */
const DEEPEST = 5;
/** No MIBs, whatever is in them; MIB files have any ending, or none. */
const OTHER_ENDINGS = /\.(md|html?|pdf|zip|gz|tgz|json|ya?ml|py|js|sh|exe|docx?|xlsx?|orig|bak|idx|index)$/i;

export interface MibFile {
  readonly file: string;
  readonly source: string;
}

/**
 * The texts of the files given, and of all files in folders given and below, in the order of their names. What cannot be read is a
 * finding.
 */
export async function* readMibFiles(paths: readonly string[]): AsyncGenerator<MibFile | MibFinding> {
  let count = 0;
  for (const path of paths) {
    for await (const file of filesBelow(path)) {
      count += 1;
      if (count > MOST_FILES) {
        yield unreadable(path, 'too-large', `more than ${MOST_FILES} files: the others are not read`);
        return;
      }
      yield await readMibFile(file);
    }
  }
}

export function isFinding(read: MibFile | MibFinding): read is MibFinding {
  return 'severity' in read;
}

async function readMibFile(file: string): Promise<MibFile | MibFinding> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) return unreadable(file, 'too-large', `${size} bytes; a MIB has ${MOST_BYTES} at most`);
    const bytes = await readFile(file);
    if (bytes.includes(0)) return { severity: 'warning', code: 'not-a-mib', file, line: 0, message: 'not a text' };
    // Names are ASCII; descriptions are in whatever their author had, and nobody reads them here.
    return { file, source: bytes.toString('latin1') };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return unreadable(file, 'unreadable', isMissing ? 'no such file or folder' : messageOf(error));
  }
}

/** `path` itself, or the files in it and in its folders. */
async function* filesBelow(path: string, depth = 0): AsyncGenerator<string> {
  const entries = await entriesOf(path);
  if (entries === undefined) {
    yield path;
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = join(path, entry.name);
    if (entry.name.startsWith('.') || entry.name.endsWith('~')) continue;
    if (entry.isDirectory()) {
      if (depth < DEEPEST) yield* filesBelow(below, depth + 1);
    } else if ((entry.isFile() || entry.isSymbolicLink()) && !OTHER_ENDINGS.test(entry.name)) yield below;
  }
}

/** undefined for what is no folder. */
async function entriesOf(path: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch {
    return undefined;
  }
}

function unreadable(file: string, code: MibFinding['code'], message: string): MibFinding {
  return { severity: 'error', code, file, line: 0, message };
}
