import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';

/** A file that is about to be written. */
export interface SetupFile {
  /** Below the folder that they all go to, or absolute. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * The configuration that these files would be, checked by the loader where nobody uses them: nothing of this machine's environment counts.
 * @param name which of them is the configuration
 * @throws ConfigError with everything that is wrong
 */
export function checkFiles(files: readonly SetupFile[], name: string): Config {
  const folder = mkdtempSync(join(tmpdir(), 'dogwatch-setup-'));
  try {
    for (const { path, text } of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, text, { mode: 0o600 });
    }
    return loadConfig({ file: join(folder, name), environment: {} }).config;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Writes them, each complete or not at all.
 * @param isForced whether files that are there are replaced
 * @throws DogwatchError `FILE_EXISTS` before anything is written, `FILE_NOT_WRITTEN`
 */
export function writeFiles(folder: string, files: readonly SetupFile[], isForced: boolean): string[] {
  const paths = files.map(({ path }) => resolve(folder, path));
  const [first, ...more] = paths.filter((path) => existsSync(path));
  if (first !== undefined && !isForced) {
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    throw new DogwatchError('FILE_EXISTS', `${first} is there already${others}`, {
      remedy: 'name another folder with --output, or replace what is there with --force',
    });
  }
  try {
    for (const [index, { text, mode }] of files.entries()) writeWhole(paths[index] ?? '', text, mode);
  } catch (error) {
    throw new DogwatchError('FILE_NOT_WRITTEN', messageOf(error), { cause: error });
  }
  return paths;
}

/** Never readable for more than it is meant for, not even for a moment. */
function writeWhole(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.new`;
  rmSync(beside, { force: true });
  writeFileSync(beside, text, { mode, flag: 'wx' });
  renameSync(beside, path);
}
