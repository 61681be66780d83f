/** Buffers that are kept: as many as batches are commonly in hand while a backlog is read. */
const MAX_IDLE = 6;
const GRAIN_BYTES = 1 << 20;

/**
 * Memory for batches that are read back from the disk, used again and again: a backlog of gigabytes goes through it, and
 * allocated for each batch it would leave holes in the heap of the process.
 */
export class ReadMemory {
  readonly #idle: Buffer[] = [];

  /** At least `length` bytes. */
  take(length: number): Buffer {
    const index = this.#idle.findIndex((buffer) => buffer.length >= length);
    const [found] = index === -1 ? [] : this.#idle.splice(index, 1);
    return found ?? Buffer.allocUnsafeSlow(Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES);
  }

  give(buffer: Buffer): void {
    if (this.#idle.length < MAX_IDLE) this.#idle.push(buffer);
  }
}
