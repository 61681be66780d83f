import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DatabaseWire } from './database-faults/database-wire.ts';
import { temporaryDirectory } from './postgres.ts';
import { RedisServer } from './redis.ts';

/** A Redis that may be spoilt, and a wire to it on which the test has its hand. */
export interface FaultyRedis {
  readonly server: RedisServer;
  readonly wire: DatabaseWire;
  /** For the collector: over the wire. */
  readonly url: string;
}

/** `settings`: as on its command line; it keeps what it was given unless they say otherwise. */
export async function startFaultyRedis(
  t: TestContext,
  settings: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always'],
): Promise<FaultyRedis> {
  const folder = await temporaryDirectory();
  const socketPath = join(folder, 'redis.sock');
  const server = await RedisServer.start(folder, [...settings, '--unixsocket', socketPath]);
  t.after(() => server.kill());
  const wire = await DatabaseWire.open(t, socketPath);
  return { server, wire, url: `redis://127.0.0.1:${wire.port}` };
}
