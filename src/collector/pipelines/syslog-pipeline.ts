import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { Acceptance } from '../../../collectors/acceptance.ts';
import type { Datagram } from '../../../collectors/datagram.ts';
import type { SyslogReceived } from '../../../collectors/syslog/received.ts';
import { SyslogDecoder, type SyslogDecoderOptions } from '../../../collectors/syslog/syslog-decoder.ts';
import { SYSLOG_DEVICES, SYSLOG_MESSAGES } from '../../../collectors/syslog/tables.ts';
import type { OpenBatch } from '../../../storage/batch/batch.ts';
import type { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import type { Queue } from '../../../storage/queue.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { Component } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import { RateLimit } from '../../runtime/rate-limit.ts';
import { RowIntake, type RowIntakeOptions } from './row-intake.ts';

export interface SyslogPipelineOptions {
  readonly decoder: SyslogDecoderOptions;
  readonly intake: RowIntakeOptions;
  /** A longer message is cut. */
  readonly maxMessageBytes: number;
}

const SWEEP_MS = 1000;
const TROUBLE_LINES_PER_10_S = 5;

/** From a syslog message to an accepted batch: decoder, the open batches that it fills, and the queue that takes them. */
export class SyslogPipeline implements Component {
  readonly name = 'syslog decoding';
  readonly decoder: SyslogDecoder;
  /** Where a record is a row. */
  readonly rows: OpenBatch;
  /** For transports that can wait, and that acknowledge. */
  readonly acceptance: Acceptance;
  readonly #maxMessageBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #intake: RowIntake;
  readonly #troubleLimit = new RateLimit(TROUBLE_LINES_PER_10_S, 10_000);
  /** Used again for each datagram. */
  readonly #received: { -readonly [Key in keyof SyslogReceived]: SyslogReceived[Key] } = {
    sourceAddress: '',
    transport: 'udp',
    receivedAtMicros: 0,
    cut: false,
  };
  #sweeping: NodeJS.Timeout | undefined;

  /** @param drafts where rows are kept that are not in the queue yet */
  constructor(options: SyslogPipelineOptions, queue: Queue, clock: Clock, log: Log, drafts?: DraftStore) {
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#clock = clock;
    this.#log = log;
    this.#intake = new RowIntake(options.intake, queue, clock, log, drafts);
    this.rows = this.#intake.open(SYSLOG_MESSAGES, 'large');
    this.acceptance = this.#intake;
    const sinks = {
      messages: this.rows,
      devices: this.#intake.open(SYSLOG_DEVICES, 'small'),
      losses: this.#intake.open(LOSSES, 'small'),
    };
    this.decoder = new SyslogDecoder({ ...options.decoder, report: (error) => this.#report(error) }, sinks);
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

  /** A datagram is one message (RFC 5426 section 3.1). */
  receive({ bytes, sourceAddress, receivedAtMicros }: Datagram): void {
    const received = this.#received;
    received.sourceAddress = sourceAddress;
    received.receivedAtMicros = receivedAtMicros;
    received.cut = bytes.length > this.#maxMessageBytes;
    this.decoder.receive(received.cut ? bytes.subarray(0, this.#maxMessageBytes) : bytes, received);
  }

  #report(error: unknown): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.error({ error: messageOf(error), suppressed }, 'a defect of the syslog parser; stored raw');
  }
}
