import { createReadStream } from 'node:fs';
import { createGunzip, constants, gunzipSync } from 'node:zlib';
import { pipeline } from 'node:stream';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { CaptureParser } from './capture-file.ts';
import { FragmentTable } from './fragments.ts';
import { readFrame } from './frame.ts';
import type { CapturedDatagram } from './captured-datagram.ts';

/** What was found in a capture; filled while it is read. */
export interface CaptureTally {
  /** Of the file as it is, also when it is compressed. */
  bytesRead: number;
  /** Packets of any kind. */
  packets: number;
  /** UDP datagrams that were handed out. */
  datagrams: number;
  /** Packets that gave no datagram, by reason. */
  readonly skipped: Map<string, number>;
  /** Why reading ended before the end of the file, if it did. */
  problem: string | undefined;
}

export function createTally(): CaptureTally {
  return { bytesRead: 0, packets: 0, datagrams: 0, skipped: new Map(), problem: undefined };
}

// A compressed capture that is read at once may not become larger than this.
const MAX_INFLATED_BYTES = 1 << 30;
const GZIP_MAGIC = 0x1f_8b;

/**
 * The UDP payloads of a whole capture: pcap or pcapng, plain or compressed with gzip. Damage ends the reading; `tally`
 * says where, and what was passed over.
 * @throws DogwatchError `NOT_A_CAPTURE` when `bytes` are of another kind altogether
 */
export function* readPcap(bytes: Buffer, tally: CaptureTally = createTally()): Generator<CapturedDatagram> {
  const reader = new DatagramReader(tally);
  tally.bytesRead = bytes.length;
  yield* reader.push(isGzip(bytes) ? inflate(bytes, tally) : bytes);
  reader.end();
}

/**
 * The same for a file of any size, read piece by piece.
 * @throws DogwatchError `NOT_A_CAPTURE`, `FILE_UNREADABLE`
 */
export async function* readPcapFile(
  path: string,
  tally: CaptureTally = createTally(),
): AsyncGenerator<CapturedDatagram> {
  const reader = new DatagramReader(tally);
  for await (const chunk of readChunks(path, tally)) yield* reader.push(chunk);
  reader.end();
}

class DatagramReader {
  readonly #parser = new CaptureParser();
  readonly #fragments = new FragmentTable();
  readonly #tally: CaptureTally;

  constructor(tally: CaptureTally) {
    this.#tally = tally;
  }

  *push(chunk: Buffer): Generator<CapturedDatagram> {
    for (const packet of this.#parser.push(chunk)) {
      this.#tally.packets += 1;
      const frame = readFrame(packet, this.#fragments);
      if (typeof frame === 'string') {
        this.#tally.skipped.set(frame, (this.#tally.skipped.get(frame) ?? 0) + 1);
      } else {
        this.#tally.datagrams += 1;
        yield frame;
      }
    }
  }

  end(): void {
    this.#parser.end();
    this.#tally.problem ??= this.#parser.problem;
  }
}

async function* readChunks(path: string, tally: CaptureTally): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  let first = true;
  let source: AsyncIterable<Buffer> = file;
  try {
    const iterator = file[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const head = await iterator.next();
    if (head.done === true) throw new DogwatchError('NOT_A_CAPTURE', `${path} is empty`);
    source = chain(head.value, iterator);
    if (isGzip(head.value)) {
      const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
      pipeline(source, gunzip, () => {}); // its errors come out of the reading side
      source = gunzip;
    }
    for await (const chunk of source) {
      first = false;
      tally.bytesRead = file.bytesRead;
      yield chunk;
    }
  } catch (error) {
    if (error instanceof DogwatchError) throw error;
    if (first) throw new DogwatchError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
    tally.problem = `reading ended early: ${messageOf(error)}`;
  } finally {
    file.destroy();
  }
}

async function* chain(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function isGzip(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes.readUInt16BE(0) === GZIP_MAGIC;
}

function inflate(bytes: Buffer, tally: CaptureTally): Buffer {
  try {
    // Z_SYNC_FLUSH: gives what can be had of a file whose end is missing.
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    tally.problem = `not readable as gzip: ${messageOf(error)}`;
    return Buffer.alloc(0);
  }
}
