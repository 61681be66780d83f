import type { RedisClient } from './redis-client.ts';

/** What Redis says about itself, of `INFO`. */
export interface RedisInfo {
  readonly version: string;
  readonly usedBytes: number;
  /** `maxmemory`; 0 where there is no bound. */
  readonly maxBytes: number;
  /** `maxmemory-policy`. */
  readonly evictionPolicy: string;
  readonly replicas: number;
  /** Every write is appended to a file. */
  readonly appendOnly: boolean;
  /** When a snapshot was last written, seconds since the Unix epoch; the start of the server where none was. */
  readonly lastSnapshot: number;
}

/** @throws Error where Redis does not answer */
export async function readInfo(client: RedisClient): Promise<RedisInfo> {
  return parseInfo(await client.info());
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
    replicas: number('connected_slaves'),
    appendOnly: values.get('aof_enabled') === '1',
    lastSnapshot: number('rdb_last_save_time'),
  };
}
