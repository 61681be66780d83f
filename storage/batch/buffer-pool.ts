import assert from 'node:assert/strict';

/** Large buffers that are used again, so that a steady stream of batches neither allocates nor zeroes memory. */
export class BufferPool {
  readonly bufferBytes: number;
  readonly #maxIdle: number;
  readonly #idle: Buffer[] = [];

  /**
   * @param bufferBytes size of each buffer
   * @param maxIdle how many unused ones are kept; those beyond are left to the garbage collector
   */
  constructor(bufferBytes: number, maxIdle: number) {
    this.bufferBytes = bufferBytes;
    this.#maxIdle = maxIdle;
  }

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.bufferBytes);
  }

  /**
   * Gives `filled`, a part of `buffer`, away. If it is small, a copy goes and `buffer` stays, so that a waiting batch
   * holds about as much memory as it has bytes.
   * @returns what to give away, a buffer to go on with, and how to return the memory in the end
   */
  give(buffer: Buffer, filled: Buffer): { memory: Buffer; replacement: Buffer; release: () => void } {
    if (filled.length < this.bufferBytes * 0.75) {
      const memory = Buffer.allocUnsafeSlow(filled.length);
      filled.copy(memory);
      return { memory, replacement: buffer, release: () => {} };
    }
    let released = false;
    const release = (): void => {
      assert(!released, 'memory released twice');
      released = true;
      if (this.#idle.length < this.#maxIdle) this.#idle.push(buffer);
    };
    return { memory: filled, replacement: this.take(), release };
  }
}
