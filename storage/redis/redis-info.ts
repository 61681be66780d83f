import type { RedisClient } from './redis-client.ts';

/** What Redis says about itself, of `INFO`. */
export interface RedisInfo {
  readonly version: string;
  readonly usedBytes: number;
  /** `maxmemory`; 0 where there is no bound. */
  readonly maxBytes: number;
  /** `maxmemory-policy`. */
  readonly evictionPolicy: string;
  /** Those that follow; one that is still fetching the data cannot confirm anything. */
  readonly replicas: number;
  /** Every write is appended to a file. */
  readonly appendOnly: boolean;
  /** It is a node of a Redis Cluster. */
  readonly isCluster: boolean;
}

/** @throws Error where Redis does not answer */
export async function readInfo(client: RedisClient): Promise<RedisInfo> {
  return parseInfo(await client.info());
}

/** What survives the death of Redis or of its machine. */
export interface RedisPersistence {
  /** `appendfsync`: `always`, `everysec` or `no`; undefined where Redis does not tell its settings. */
  readonly appendFsync: string | undefined;
  /** Whether there are snapshots (`save`); undefined where Redis does not tell. */
  readonly snapshots: boolean | undefined;
}

/** Asks for settings, which hosted servers refuse to tell. @throws Error where Redis does not answer */
export async function readPersistence(client: RedisClient): Promise<RedisPersistence> {
  const ask = async (name: string): Promise<string | undefined> => {
    const reply: unknown = await client.config('GET', name).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ReplyError') return undefined;
      throw error;
    });
    return Array.isArray(reply) && reply.length === 2 ? String(reply[1]) : undefined;
  };
  const save = await ask('save');
  return { appendFsync: await ask('appendfsync'), snapshots: save === undefined ? undefined : save !== '' };
}

/** @returns `cluster_state`: `ok`, or `fail` where slots are not served. @throws Error where it does not answer */
export async function readClusterState(client: RedisClient): Promise<string> {
  return /^cluster_state:(\w+)/m.exec(await client.cluster('INFO'))?.[1] ?? 'unknown';
}

/** `name:value` lines, sections begin with `#`. */
export function parseInfo(text: string): RedisInfo {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) values.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const number = (name: string): number => Number(values.get(name) ?? 0) || 0;
  return {
    version: values.get('redis_version') ?? 'unknown',
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    evictionPolicy: values.get('maxmemory_policy') ?? 'unknown',
    replicas: text.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0,
    appendOnly: values.get('aof_enabled') === '1',
    isCluster: values.get('cluster_enabled') === '1',
  };
}
