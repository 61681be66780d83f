import type { SettingPath } from '../findings.ts';
import type { Config } from '../schema.ts';
import type { Breach } from './breach.ts';

/** Rules between the settings of Redis. */
export function* redisBreaches({ queue, redis }: Config, isGiven: (path: SettingPath) => boolean): Generator<Breach> {
  const { url, urlFile, password, passwordFile, caFile, sentinel, cluster } = redis;
  for (const secret of ['url', 'password'] as const) {
    if (!isGiven(at(secret)) || !isGiven(at(`${secret}File`))) continue;
    const message = `expected either this or redis.${secret}, found both`;
    yield { at: at(`${secret}File`), with: [at(secret)], message };
  }
  if (sentinel !== undefined && cluster !== undefined) {
    yield { at: at('cluster'), with: [at('sentinel')], message: 'expected either this or redis.sentinel, found both' };
  }
  const isNamed = [url, urlFile, sentinel, cluster].some((place) => place !== undefined);
  if (queue === 'bullmq' && !isNamed) {
    const places = ['url', 'urlFile', 'sentinel', 'cluster'].map(at);
    const message =
      'bullmq needs a Redis: expected redis.url, redis.urlFile, redis.sentinel or redis.cluster beside it';
    yield { at: ['queue'], with: places, message };
  }
  if (!isNamed && (password !== undefined || passwordFile !== undefined)) {
    const secret = password === undefined ? 'passwordFile' : 'password';
    yield { at: at(secret), with: [at('url')], message: 'expected redis.url beside it: there is no Redis it is for' };
  }
  if (url !== undefined && cluster !== undefined && !['', '/', '/0'].includes(new URL(url).pathname)) {
    const message = 'expected no database in it: a cluster has database 0 alone';
    yield { at: at('url'), with: [at('cluster')], message };
  }
  if (caFile !== undefined && urlFile === undefined && !isEncrypted(url)) yield caBreach('url');
}

/** Breaches by a URL that was read from `redis.urlFile`. */
export function* redisFileBreaches({ redis: { url, caFile } }: Config): Generator<Breach> {
  if (caFile !== undefined && !isEncrypted(url)) yield caBreach('urlFile');
}

// Otherwise somebody who named certificates would believe that the connection is encrypted.
function caBreach(name: 'url' | 'urlFile'): Breach {
  const message = `expected a redis.${name} with rediss://, which is TLS: without it there is nothing to check`;
  return { at: at('caFile'), with: [at(name)], message };
}

function isEncrypted(url: string | undefined): boolean {
  return url?.startsWith('rediss:') === true;
}

function at(name: string): SettingPath {
  return ['redis', name];
}
