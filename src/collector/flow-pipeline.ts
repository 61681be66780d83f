import type { Datagram } from '../../collectors/datagram.ts';
import type { DecodeTrouble } from '../../collectors/flow/decode-trouble.ts';
import { FlowDecoder, type FlowDecoderOptions } from '../../collectors/flow/flow-decoder.ts';
import { APPLICATIONS, COUNTER_SAMPLES, EXPORTERS, FLOWS, INTERFACES } from '../../collectors/flow/tables.ts';
import type { RowTable } from '../../collectors/row-sink.ts';
import type { SealedBatch } from '../../storage/batch/batch-format.ts';
import { type BatchLimits, MAX_RESERVE_BYTES, OpenBatch } from '../../storage/batch/batch.ts';
import { BufferPool } from '../../storage/batch/buffer-pool.ts';
import type { Queue } from '../../storage/queue.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { RateLimit } from '../runtime/rate-limit.ts';

export interface FlowPipelineOptions {
  readonly decoder: FlowDecoderOptions;
  readonly limits: BatchLimits;
  /** Size of a batch of flows at most. */
  readonly batchBytes: number;
  /** What the queue keeps of waiting batches in memory: so much comes back, and is used again. */
  readonly queueMemoryBytes: number;
}

const SWEEP_MS = 1000;
/** Buffers beside those that wait in the queue: being filled, journaled, written. */
const BUFFERS_IN_USE = 4;
const TROUBLE_LINES_PER_10_S = 5;

/** From a flow datagram to an accepted batch: decoder, the open batches that it fills, and the queue that takes them. */
export class FlowPipeline implements Component {
  readonly name = 'flow decoding';
  readonly decoder: FlowDecoder;
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #batches: OpenBatch[] = [];
  readonly #appending = new Set<Promise<void>>();
  readonly #troubleLimit = new RateLimit(TROUBLE_LINES_PER_10_S, 10_000);
  #sweeping: NodeJS.Timeout | undefined;

  /** @throws DogwatchError `BAD_ADDRESS` for a sampling override that names no exporter */
  constructor(options: FlowPipelineOptions, queue: Queue, clock: Clock, log: Log) {
    this.#queue = queue;
    this.#clock = clock;
    this.#log = log;
    const bytes = Math.max(options.batchBytes, 2 * MAX_RESERVE_BYTES);
    // All of a backlog come back at once. Freed and allocated anew, they would leave holes in the heap for good.
    const large = new BufferPool(bytes, BUFFERS_IN_USE + Math.ceil(options.queueMemoryBytes / bytes));
    const small = new BufferPool(2 * MAX_RESERVE_BYTES, 1);
    const open = (table: RowTable, pool: BufferPool): OpenBatch => {
      const batch = new OpenBatch(table, options.limits, clock, pool, (sealed) => this.#append(sealed));
      this.#batches.push(batch);
      return batch;
    };
    const sinks = {
      flows: open(FLOWS, large),
      counterSamples: open(COUNTER_SAMPLES, small),
      interfaces: open(INTERFACES, small),
      applications: open(APPLICATIONS, small),
      exporters: open(EXPORTERS, small),
    };
    this.decoder = new FlowDecoder(options.decoder, sinks, (trouble) => this.#report(trouble));
  }

  async start(): Promise<void> {
    this.#sweeping = setInterval(() => this.decoder.sweep(this.#clock.nowMicros()), SWEEP_MS);
    this.#sweeping.unref();
  }

  /** Everything that was received is in the queue when this resolves. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeping);
    this.decoder.finish(this.#clock.nowMicros());
    for (const batch of this.#batches) batch.seal();
    await Promise.all(this.#appending);
  }

  receive(datagram: Datagram): void {
    this.decoder.decode(datagram);
  }

  #append(batch: SealedBatch): void {
    const appended = this.#enqueue(batch).finally(() => this.#appending.delete(appended));
    this.#appending.add(appended);
  }

  /** Never rejects. A batch that is lost at the queue's bound is counted and logged there. */
  async #enqueue(batch: SealedBatch): Promise<void> {
    try {
      await this.#queue.append(batch);
    } catch (error) {
      this.#log.error({ table: batch.table, rows: batch.rows, error: messageOf(error) }, 'a batch was lost');
    }
  }

  #report(trouble: DecodeTrouble): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.warn({ ...trouble, ...(suppressed > 0 ? { suppressed } : {}) }, 'cannot decode');
  }
}
