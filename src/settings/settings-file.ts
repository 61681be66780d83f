import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DogwatchError, messageOf } from '../runtime/errors.ts';

/** The configuration file of this collector, as far as the collector itself writes it. */
export class SettingsFile {
  readonly path: string;

  /** @param path absolute */
  constructor(path: string) {
    this.path = path;
  }

  /** @throws DogwatchError `CONFIG_UNREADABLE` */
  read(): string {
    try {
      return readFileSync(this.path, 'utf8');
    } catch (error) {
      throw new DogwatchError('CONFIG_UNREADABLE', messageOf(error), { cause: error });
    }
  }

  /** Why this process could not replace it; undefined: it can. */
  get obstacle(): string | undefined {
    try {
      accessSync(this.path, constants.W_OK);
      // A new file is put in its place.
      accessSync(dirname(this.path), constants.W_OK);
      return undefined;
    } catch (error) {
      return `${messageOf(error)}: let the account of the collector write it and its folder`;
    }
  }

  /** Puts another text there, whole or not at all; what was there stays beside it, as `….before`. @throws DogwatchError `FILE_NOT_WRITTEN` */
  replace(text: string): void {
    const beside = `${this.path}.${process.pid}.new`;
    try {
      const { uid, gid, mode } = statSync(this.path);
      copyFileSync(this.path, this.#before);
      rmSync(beside, { force: true });
      writeFileSync(beside, text, { mode: 0o600, flag: 'wx' });
      if (process.getuid?.() === 0) for (const file of [beside, this.#before]) chownSync(file, uid, gid);
      for (const file of [beside, this.#before]) chmodSync(file, mode & 0o777);
      renameSync(beside, this.path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw new DogwatchError('FILE_NOT_WRITTEN', messageOf(error), { cause: error });
    }
  }

  /** Puts back what `replace` found. */
  restore(): void {
    renameSync(this.#before, this.path);
  }

  get #before(): string {
    return `${this.path}.before`;
  }
}
