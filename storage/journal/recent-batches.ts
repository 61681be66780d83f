import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BatchHeader,
  decodeBatch,
  parseHeader,
  PREFIX_BYTES,
  readPrefix,
  type SealedBatch,
} from '../batch/batch-format.ts';
import { draftDirectory } from './claim/journal-home.ts';
import { readDrafts } from './drafts/recover-drafts.ts';

/** A batch in a file, as its header tells. */
interface Found {
  readonly header: BatchHeader;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Batches of a table in the files of a journal, if they have rows of `sinceMicros` or later; also those that are in the
 * database already. First those of drafts, as far as they have come, since what leaves a draft may go into a segment; then those of
 * segments, oldest first; what is in both comes twice. Reads beside whoever owns the journal: what is cut short, damaged or goes away meanwhile is passed over.
 * Of other tables the headers alone are read, and one batch is in memory at a time.
 * @throws what the file system says, but for what is not there
 */
export async function* recentBatches(
  directory: string,
  table: string,
  sinceMicros: number,
): AsyncGenerator<SealedBatch> {
  for await (const batch of readDrafts(draftDirectory(directory))) {
    if (batch.table === table && batch.latestMicros >= sinceMicros) yield batch;
  }
  const names = await readdir(directory).catch(emptyWhereMissing);
  for (const name of names.filter((each) => each.endsWith('.journal')).sort()) {
    const file = await open(join(directory, name), 'r').catch(undefinedWhereMissing);
    if (file === undefined) continue;
    try {
      // Before it is read: a segment of an earlier time has nothing to tell.
      if ((await file.stat()).mtimeMs * 1000 < sinceMicros) continue;
      for await (const { header, offset, bytes } of batchesIn(file)) {
        if (header.table !== table || header.latestMicros < sinceMicros) continue;
        const batch = decodeBatch(await readAt(file, offset, bytes));
        if (batch !== undefined) yield batch;
      }
    } finally {
      await file.close();
    }
  }
}

/** As far as they follow each other. */
async function* batchesIn(file: FileHandle): AsyncGenerator<Found> {
  for (let offset = 0; ;) {
    const prefix = readPrefix(await readAt(file, offset, PREFIX_BYTES), 0);
    if (prefix === undefined) return;
    const text = await readAt(file, offset + PREFIX_BYTES, prefix.headerBytes);
    const header = parseHeader(text.toString());
    if (header === undefined) return;
    const bytes = PREFIX_BYTES + prefix.headerBytes + prefix.bodyBytes;
    yield { header, offset, bytes };
    offset += bytes;
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

function emptyWhereMissing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}

function undefinedWhereMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
