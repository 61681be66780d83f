import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../runtime/errors.ts';
import type { SettingPath } from './findings.ts';
import type { Breach } from './rules/breach.ts';
import { redisFileBreaches } from './rules/redis.ts';
import { isDatabaseUrl, type Config } from './schema.ts';
import { isRedisUrl } from './schema/redis.ts';

const EXAMPLES = { database: 'postgresql://user@host:5432/dogwatch', redis: 'redis://user@host:6379/0' };

/**
 * Fills in the secrets that stand in files of their own, a trailing line end left out.
 * @param directory where relative names start
 * @returns what could not be read, or is not what it should be
 */
export function readSecretFiles(config: Config, directory: string): Breach[] {
  const breaches: Breach[] = [];
  const read = (group: 'database' | 'redis', name: 'url' | 'password', isGood: (text: string) => boolean): void => {
    const file = config[group][`${name}File`];
    if (file === undefined) return;
    const at = [group, `${name}File`];
    try {
      const text = readFileSync(resolve(directory, file), 'utf8').trimEnd();
      config[group][name] = text;
      if (!isGood(text)) breaches.push(breach(at, `the file holds no URL such as ${EXAMPLES[group]}`));
    } catch (error) {
      breaches.push(breach(at, `cannot be read: ${messageOf(error)}`));
    }
  };
  read('database', 'url', isDatabaseUrl);
  read('database', 'password', () => true);
  read('redis', 'url', isRedisUrl);
  read('redis', 'password', () => true);
  if (breaches.length === 0 && config.redis.urlFile !== undefined) breaches.push(...redisFileBreaches(config));
  return breaches;
}

function breach(at: SettingPath, message: string): Breach {
  return { at, with: [], message };
}
