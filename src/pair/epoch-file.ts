import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EpochMemory } from '../../ha/role/ports.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';

/**
 * The highest epoch that this node knows, in a file: a database that was restored from an older backup does not set it back. Written
 * beside and renamed, so that it is whole after a crash.
 */
export class EpochFile implements EpochMemory {
  readonly #path: string;

  /** @param directory where state is kept @param pair its name */
  constructor(directory: string, pair: string) {
    this.#path = join(directory, `epoch-of-${pair}`);
  }

  /** @throws DogwatchError `EPOCH_UNREADABLE`: something else stands in the file, or it may not be read */
  load(): number {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
      throw new DogwatchError('EPOCH_UNREADABLE', `${this.#path}: ${messageOf(error)}`);
    }
    if (/^\d{1,15}\n$/.test(text)) return Number(text);
    throw new DogwatchError('EPOCH_UNREADABLE', `${this.#path} holds no epoch`, {
      remedy: 'remove the file: the epoch is then taken from the database and from the peer',
    });
  }

  save(epoch: number): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const beside = `${this.#path}.new`;
    const file = openSync(beside, 'w', 0o600);
    try {
      writeSync(file, `${epoch}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, this.#path);
    const directory = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}
