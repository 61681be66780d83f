import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { FLOWS } from '../../collectors/flow/tables.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { SealedBatch } from '../../storage/batch/batch-format.ts';
import { uuidV7 } from '../../storage/batch/uuid.ts';
import { connect, disconnect } from '../../storage/database/database.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { BullmqQueue, type BullmqQueueOptions } from '../../storage/redis/bullmq-queue.ts';
import { Writer } from '../../storage/writer.ts';
import { sealedBatch } from './batches.ts';
import { startTestDatabase, temporaryDirectory, type TestDatabase } from './postgres.ts';
import { eventually } from './processes.ts';
import { RedisServer } from './redis.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;
/** Rows of each of `batches`. */
export const ROWS = 100;

type Options = Partial<BullmqQueueOptions>;

/** A Redis for one test. `settings`: as on its command line. */
export async function redisFor(context: TestContext, settings: readonly string[] = []): Promise<RedisServer> {
  const redis = await RedisServer.start(await temporaryDirectory(), settings);
  context.after(() => redis.kill());
  return redis;
}

/** A queue with a journal of its own, once it is `well`. */
export async function queueOn(context: TestContext, redis: Pick<RedisServer, 'url'>, options: Options = {}) {
  const directory = await temporaryDirectory();
  const journal = new Journal({ directory, minFreeBytes: 0 }, systemClock, silentLog);
  await journal.open();
  const queue = new BullmqQueue(
    { address: { url: redis.url }, timeoutMs: 300, ...options },
    journal,
    systemClock,
    silentLog,
  );
  await queue.open();
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await queue.close();
    await journal.close();
  };
  context.after(close);
  await becomes(queue, 'well');
  return { queue, journal, close };
}

/** Waits until the queue's Redis is in this state. */
export async function becomes(queue: BullmqQueue, state: string): Promise<void> {
  await eventually(`Redis is ${state}`, () => queue.status().state === state);
}

/** `flows.bytes` of each row is another number, so that what is stored can be compared with what was sent. */
export function batches(count: number, from = 0): SealedBatch[] {
  return Array.from({ length: count }, (_, index) => {
    const rows = Array.from({ length: ROWS }, (_row, row) => ({
      received_at: NOON,
      exporter: '192.0.2.1',
      bytes: (from + index) * ROWS + row,
    }));
    return sealedBatch(FLOWS, rows, uuidV7(systemClock.nowMicros()));
  });
}

/** @throws AssertionError where one is not accepted */
export async function appendAll(queue: BullmqQueue, all: readonly SealedBatch[]): Promise<void> {
  const accepted = await Promise.all(all.map((batch) => queue.append(batch)));
  assert(accepted.every(Boolean), 'every batch is accepted');
}

/** A writer of `queue`; the caller starts it. */
export function writerOf(context: TestContext, queue: BullmqQueue, database: TestDatabase, node = 'a'): Writer {
  const writer = new Writer(queue, { address: database.address, node, partitionBy: 'hour' }, systemClock, silentLog);
  context.after(() => writer.stop());
  return writer;
}

/** Waits until rows 0 … `batchCount * ROWS` - 1 are stored. */
export async function storedOnce(database: TestDatabase, batchCount: number): Promise<void> {
  const client = await connect(database.address);
  const ask = async () => {
    const { rows } = await client.query<Record<'rows' | 'different' | 'highest', string>>(
      'SELECT count(*) AS rows, count(DISTINCT bytes) AS different, max(bytes) AS highest FROM flows',
    );
    return { rows: Number(rows[0]?.rows), different: Number(rows[0]?.different), highest: Number(rows[0]?.highest) };
  };
  const expected = batchCount * ROWS;
  try {
    await eventually('all rows are stored', async () => (await ask()).different >= expected, 30_000);
    assert.deepEqual(await ask(), { rows: expected, different: expected, highest: expected - 1 });
  } finally {
    await disconnect(client);
  }
}

/** A database for one test. */
export async function database(context: TestContext): Promise<TestDatabase> {
  const made = await startTestDatabase();
  context.after(() => made.stop());
  return made;
}
