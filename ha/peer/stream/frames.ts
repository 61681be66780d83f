import { DogwatchError } from '../../../src/runtime/errors.ts';

/** The most that a frame may carry, in both directions. */
export const MAX_FRAME_BYTES = 16 << 20;
const HEADER_BYTES = 5;

/** Who speaks; the first frame of each side. */
export const HELLO_FRAME = 1;
/** A sign of life, without payload. */
export const PING_FRAME = 2;
export const MESSAGE_FRAME = 3;
/** Why the connection is not wanted, a sentence; the last frame. */
export const REFUSAL_FRAME = 4;

/** @throws DogwatchError `FRAME_TOO_LARGE` */
export function frameHeader(type: number, payloadBytes: number): Buffer {
  if (payloadBytes > MAX_FRAME_BYTES) throw tooLarge(payloadBytes, MAX_FRAME_BYTES);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(payloadBytes, 0);
  header.writeUInt8(type, 4);
  return header;
}

/** Cuts a stream into frames: 4 bytes of length of the payload, 1 of type, the payload. Holds at most one frame and a chunk. */
export class FrameReader {
  /** The most that is taken; small until the peer has said who it is. */
  maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** What must be there before there is anything to do. */
  #needed = HEADER_BYTES;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /**
   * Calls `take` with each frame that is complete; the payload is its own.
   * @throws DogwatchError `FRAME_TOO_LARGE` as soon as the length is known
   */
  add(chunk: Buffer, take: (type: number, payload: Buffer) => void): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= this.#needed) {
      // Chunks are put together once per frame, so that a frame of many of them costs its length and not its square.
      const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
      if (all === undefined) return;
      const length = all.readUInt32BE(0);
      if (length > this.maxBytes) throw tooLarge(length, this.maxBytes);
      const end = HEADER_BYTES + length;
      const rest = all.length < end ? all : all.subarray(end);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#bytes = rest.length;
      this.#needed = all.length < end ? end : HEADER_BYTES;
      if (all.length >= end) take(all.readUInt8(4), all.subarray(HEADER_BYTES, end));
    }
  }
}

function tooLarge(found: number, allowed: number): DogwatchError {
  return new DogwatchError('FRAME_TOO_LARGE', `a frame of ${found} bytes, allowed are ${allowed}`);
}
