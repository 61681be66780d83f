import { z } from 'zod';
import { duration, port, size, whole } from '../values.ts';

const host = z.strictObject({
  host: z.string().min(1).describe('Name or address.'),
  port: port.optional().describe('TCP port; 6379 of a server, 26379 of a Sentinel.'),
});

/** Redis: one server by `url`, or a Sentinel group, or a cluster. Rules between these are in `rules/redis.ts`. */
export const redis = z.strictObject({
  url: z
    .string()
    .refine(isRedisUrl, { error: 'expected a URL such as redis://user@host:6379/0, or rediss:// for TLS' })
    .optional()
    .describe('The server. With sentinel or cluster its user, password, database and TLS hold, not its host.'),
  urlFile: z.string().min(1).optional().describe('File that holds the URL.'),
  password: z.string().optional().describe('Password, in place of one written in the URL.'),
  passwordFile: z.string().min(1).optional().describe('File that holds the password.'),
  caFile: z.string().min(1).optional().describe('Certificates that the server is checked against, for rediss://.'),
  sentinel: z
    .strictObject({
      name: z.string().min(1).describe('Name of the group.'),
      hosts: z.array(host).min(1).describe('Sentinels.'),
    })
    .optional()
    .describe('Ask these Sentinels which server is the primary.'),
  cluster: z.array(host).min(1).optional().describe('Some nodes of a Redis Cluster.'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/, { error: 'expected letters, digits, "_" and "-", up to 40 characters' })
    .default('dogwatch')
    .describe('First part of every key; both nodes of a pair have the same.'),
  timeout: duration('100ms', '1m')
    .prefault('1s')
    .describe('A batch that Redis has not taken after so long goes to the local journal.'),
  maxBytes: size('16MiB', '1TiB')
    .prefault('1GiB')
    .describe('Bytes of batches that may wait in Redis; more wait in the local journal.'),
  concurrency: whole(1, 64).default(4).describe('Batches that are on their way into Redis at the same time.'),
});

/** Whether `text` is a URL of Redis. */
export function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//.test(text) && URL.canParse(text);
}
