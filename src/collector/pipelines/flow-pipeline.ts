import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { Datagram } from '../../../collectors/datagram.ts';
import type { DecodeTrouble } from '../../../collectors/flow/decode-trouble.ts';
import { FlowDecoder, type FlowDecoderOptions } from '../../../collectors/flow/flow-decoder.ts';
import { APPLICATIONS, COUNTER_SAMPLES, EXPORTERS, FLOWS, INTERFACES } from '../../../collectors/flow/tables.ts';
import type { OpenBatch } from '../../../storage/batch/batch.ts';
import type { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import type { Queue } from '../../../storage/queue.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Component } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import { RateLimit } from '../../runtime/rate-limit.ts';
import { RowIntake, type RowIntakeOptions } from './row-intake.ts';

export interface FlowPipelineOptions {
  readonly decoder: FlowDecoderOptions;
  readonly intake: RowIntakeOptions;
}

const SWEEP_MS = 1000;
const TROUBLE_LINES_PER_10_S = 5;

/** From a flow datagram to an accepted batch: decoder, the open batches that it fills, and the queue that takes them. */
export class FlowPipeline implements Component {
  readonly name = 'flow decoding';
  readonly decoder: FlowDecoder;
  /** Where a record is a row. */
  readonly rows: OpenBatch;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #intake: RowIntake;
  readonly #troubleLimit = new RateLimit(TROUBLE_LINES_PER_10_S, 10_000);
  #sweeping: NodeJS.Timeout | undefined;

  /**
   * @param drafts where rows are kept that are not in the queue yet
   * @throws DogwatchError `BAD_ADDRESS` for a sampling override that names no exporter
   */
  constructor(options: FlowPipelineOptions, queue: Queue, clock: Clock, log: Log, drafts?: DraftStore) {
    this.#clock = clock;
    this.#log = log;
    this.#intake = new RowIntake(options.intake, queue, clock, log, drafts);
    this.rows = this.#intake.open(FLOWS, 'large');
    const sinks = {
      flows: this.rows,
      counterSamples: this.#intake.open(COUNTER_SAMPLES, 'small'),
      interfaces: this.#intake.open(INTERFACES, 'small'),
      applications: this.#intake.open(APPLICATIONS, 'small'),
      exporters: this.#intake.open(EXPORTERS, 'small'),
      losses: this.#intake.open(LOSSES, 'small'),
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
    await this.settle();
  }

  /** Every row so far is in the queue when this resolves. */
  settle(): Promise<void> {
    return this.#intake.settle();
  }

  receive(datagram: Datagram): void {
    this.decoder.decode(datagram);
  }

  #report(trouble: DecodeTrouble): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.warn({ ...trouble, ...(suppressed > 0 ? { suppressed } : {}) }, 'cannot decode');
  }
}
