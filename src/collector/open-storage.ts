import type { DatabaseAddress } from '../../storage/database/database.ts';
import { Journal } from '../../storage/journal/journal.ts';
import { BullmqQueue } from '../../storage/redis/bullmq-queue.ts';
import type { Queue } from '../../storage/queue.ts';
import { OrphanJournals } from '../../storage/journal/orphans/orphan-journals.ts';
import { Writer, type WriterOptions } from '../../storage/writer.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Component, Lifecycle } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { DroppedRows } from './losses/dropped-rows.ts';
import { takeLossesInto } from './losses/lasting-accounts.ts';
import { journalOptions, rowIntakeOptions } from './options.ts';
import { RowIntake } from './pipelines/row-intake.ts';

/** Everything behind the decoders of a worker, started. */
export interface OpenStorage {
  readonly journal: Journal;
  readonly queue: Queue;
  /** The queue on Redis, where that is it. */
  readonly shared: BullmqQueue | undefined;
  readonly writer: Writer;
  readonly orphans: OrphanJournals | undefined;
  readonly dropped: DroppedRows;
}

/** On stop, how long the writer may go on with what is in the journal; the rest is written after the next start. */
const DRAIN_MS = 4000;

/** Journal, queue and writer, in this order. */
export async function openStorage(
  config: Config,
  worker: { readonly index: number; readonly workers: number },
  address: DatabaseAddress,
  lifecycle: Lifecycle,
  log: Log,
): Promise<OpenStorage> {
  const dropped = new DroppedRows(systemClock);
  const journal = new Journal({ ...journalOptions(config, worker), onLost: dropped.take }, systemClock, log);
  await lifecycle.start(journalComponent(journal, log));
  const shared = config.queue === 'bullmq' ? await openSharedQueue(config, journal, lifecycle, log) : undefined;
  const queue = shared ?? journal;
  const { node, retention, writer: writing } = config;
  const options = {
    address,
    node: node.name,
    partitionBy: retention.partitionBy,
    connections: writing.connections,
  };
  const writer = new Writer(queue, options, systemClock, log);
  await lifecycle.start(drainingWriter(writer));
  // One worker is enough for what others left.
  const takeLosses = takeLossesInto(new RowIntake(rowIntakeOptions(config), queue, systemClock, log, journal.drafts));
  const orphans = worker.index === 0 ? orphanJournals(config, worker.workers, options, takeLosses, log) : undefined;
  if (orphans !== undefined) await lifecycle.start(orphans);
  return { journal, queue, shared, writer, orphans, dropped };
}

/** Batches taken from Redis ahead of the writer's connections. */
const AHEAD = 2;

async function openSharedQueue(
  { redis, writer }: Config,
  journal: Journal,
  lifecycle: Lifecycle,
  log: Log,
): Promise<BullmqQueue> {
  const { prefix, timeout, maxBytes, concurrency, ...address } = redis;
  const options = { address, prefix, timeoutMs: timeout, maxBytes, concurrency, ahead: writer.connections + AHEAD };
  const queue = new BullmqQueue(options, journal, systemClock, log);
  await lifecycle.start({ name: 'queue on Redis', start: () => queue.open(), stop: () => queue.close() });
  return queue;
}

function orphanJournals(
  config: Config,
  workers: number,
  writer: WriterOptions,
  onDrained: (directory: string) => Promise<void>,
  log: Log,
): OrphanJournals {
  const { directory, claimTimeout } = config.journal;
  const options = { root: directory, node: config.node.name, workers, claimTimeoutMs: claimTimeout, writer, onDrained };
  return new OrphanJournals({ ...options, writer: { ...writer, connections: 1 } }, systemClock, log);
}

function journalComponent(journal: Journal, log: Log): Component {
  return {
    name: 'journal',
    async start() {
      const { torn, ...found } = await journal.open();
      if (torn !== undefined) log.warn({ ...torn }, 'cut off a batch that was never accepted, from a crash');
      if (found.batches > 0) log.info(found, 'writing what an earlier run left in the journal');
    },
    stop: () => journal.close(),
  };
}

/** The writer, which on stop first gets some time for what the journal holds. */
function drainingWriter(writer: Writer): Component {
  return {
    name: writer.name,
    start: () => writer.start(),
    async stop() {
      if (writer.isHealthy) await writer.drain(DRAIN_MS);
      await writer.stop();
    },
  };
}
