import { rmSync } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeInFront, type SealedBatch } from '../../batch/batch-format.ts';
import type { BatchDraft } from '../../queue.ts';
import { type DraftedBatch, readChunks, readDraftId, TAKEN_BYTES } from './chunk-format.ts';

/** A file that an earlier process left. */
export interface LeftDraft {
  readonly path: string;
  /** Its rows; undefined where it has none, or none that are not known elsewhere. */
  readonly batch: SealedBatch | undefined;
  /** What was noted with its rows, also where the batch is known elsewhere. */
  readonly notes: readonly Buffer[];
}

/** The file of an earlier process, on which its batch rests until it is elsewhere: then the file goes. */
export class RestingDraft implements BatchDraft {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  holdsAll(): boolean {
    return true;
  }

  /** One holds it, and no more. */
  hold(): void {}

  release(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // It is found again at the next start, and the ledger knows its batch.
    }
  }
}

const FIRST_CHUNK_BYTES = 32_768;
const HEADER_NUMBERS_BYTES = 256;

/**
 * The ids of batches that have a draft in `directory`; none where that is missing.
 * @throws what the file system says
 */
export async function draftIds(directory: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const path of await draftPaths(directory)) {
    await using file = await open(path, 'r');
    const id = readDraftId(await readStart(file, FIRST_CHUNK_BYTES));
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/**
 * What an earlier process left in `directory`, each file once; a batch is made of the whole chunks.
 * @param knownIds batches that are whole elsewhere, in a segment: their drafts may have a part only, and are passed over
 * @throws what the file system says
 */
export async function* recoverDrafts(directory: string, knownIds: ReadonlySet<string>): AsyncGenerator<LeftDraft> {
  for (const path of await draftPaths(directory)) {
    await using file = await open(path, 'r+');
    const drafted = readChunks(await readStart(file, (await file.stat()).size));
    const isKnown = drafted === undefined || knownIds.has(drafted.header.id);
    if (!isKnown) await markTaken(file, drafted.header.rows);
    yield { path, batch: isKnown ? undefined : sealed(drafted), notes: drafted?.notes ?? [] };
  }
}

/**
 * What is in the drafts of `directory` by now, each as far as its chunks are whole; whoever writes them goes on, and what goes away
 * meanwhile is passed over.
 * @throws what the file system says
 */
export async function* readDrafts(directory: string): AsyncGenerator<SealedBatch> {
  for (const path of await draftPaths(directory)) {
    const file = await open(path, 'r').catch(undefinedWhereMissing);
    if (file === undefined) continue;
    try {
      const drafted = readChunks(await readStart(file, (await file.stat()).size));
      if (drafted !== undefined) yield sealed(drafted);
    } finally {
      await file.close();
    }
  }
}

/** Should the process be alive that wrote the draft, as after a long pause, it must know how far we have read. */
async function markTaken(file: FileHandle, rows: number): Promise<void> {
  const taken = Buffer.alloc(TAKEN_BYTES);
  taken.writeUInt32BE(rows);
  await file.write(taken, 0, TAKEN_BYTES, 0);
}

async function draftPaths(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const drafts = names.filter((name) => name.endsWith('.draft'));
  return drafts.toSorted().map((name) => join(directory, name));
}

function undefinedWhereMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, 0);
  return buffer.subarray(0, bytesRead);
}

function sealed({ header, pieces }: DraftedBatch): SealedBatch {
  const bodyStart = JSON.stringify(header).length * 2 + HEADER_NUMBERS_BYTES;
  const memory = Buffer.concat([Buffer.alloc(bodyStart), ...pieces]);
  const encoded = encodeInFront(header, memory, bodyStart, memory.length);
  return { ...header, encoded, body: memory.subarray(bodyStart), release: () => {} };
}
