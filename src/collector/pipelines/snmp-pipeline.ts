import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { Datagram } from '../../../collectors/datagram.ts';
import type { SnmpDecoderOptions } from '../../../collectors/snmp/decoder-options.ts';
import type { Reply } from '../../../collectors/snmp/inform/inform-desk.ts';
import type { SnmpNaming } from '../../../collectors/snmp/naming.ts';
import { SnmpDecoder } from '../../../collectors/snmp/snmp-decoder.ts';
import { SNMP_TRAPS } from '../../../collectors/snmp/tables.ts';
import type { SnmpTrouble } from '../../../collectors/snmp/trouble.ts';
import { EngineIdentity, type SharedEngine } from '../../../collectors/snmp/usm/engines/engine-identity.ts';
import type { UsmOptions } from '../../../collectors/snmp/usm/usm-options.ts';
import { UsmProcessor } from '../../../collectors/snmp/usm/usm-processor.ts';
import type { OpenBatch } from '../../../storage/batch/batch.ts';
import type { DraftStore } from '../../../storage/journal/drafts/draft-store.ts';
import type { Queue } from '../../../storage/queue.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type Component, withTimeout } from '../../runtime/lifecycle.ts';
import type { Log } from '../../runtime/log.ts';
import { RateLimit } from '../../runtime/rate-limit.ts';
import { RowIntake, type RowIntakeOptions } from './row-intake.ts';

export interface SnmpPipelineOptions {
  readonly decoder: SnmpDecoderOptions;
  readonly security: UsmOptions;
  readonly intake: RowIntakeOptions;
}

/** What the pipeline works with. */
export interface SnmpPipelineParts {
  readonly queue: Queue;
  /** Where rows are kept that are not in the queue yet. */
  readonly drafts?: DraftStore | undefined;
  /** Our own engine, one for all workers. */
  readonly engine: SharedEngine;
  readonly naming: SnmpNaming;
  /** Sends an answer by the socket on `localPort`. */
  readonly reply: Reply;
}

const SWEEP_MS = 10_000;
const TROUBLE_LINES_PER_10_S = 5;
/** What may wait while others are asked, and for how long. */
const MAX_HELD = 1024;
const MAX_HOLD_MS = 500;

/** From a notification to an accepted batch: security, decoder, the open batch that it fills, and the queue that takes it. */
export class SnmpPipeline implements Component {
  readonly name = 'SNMP decoding';
  readonly decoder: SnmpDecoder;
  /** Where a record is a row. */
  readonly rows: OpenBatch;
  readonly security: UsmProcessor;
  readonly engine: EngineIdentity;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #intake: RowIntake;
  readonly #troubleLimit = new RateLimit(TROUBLE_LINES_PER_10_S, 10_000);

  #sweeping: NodeJS.Timeout | undefined;
  #learn: (() => Promise<void>) | undefined;
  /** In the order in which they came. */
  #held: Datagram[] = [];
  #asking: Promise<void> | undefined;

  /** @throws DogwatchError `SNMP_USER_INVALID` */
  constructor(
    options: SnmpPipelineOptions,
    { queue, drafts, engine, naming, reply }: SnmpPipelineParts,
    clock: Clock,
    log: Log,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#intake = new RowIntake(options.intake, queue, clock, log, drafts);
    this.rows = this.#intake.open(SNMP_TRAPS, 'large');
    this.engine = new EngineIdentity(engine, clock);
    this.security = new UsmProcessor(options.security, this.engine);
    this.decoder = new SnmpDecoder(options.decoder, {
      traps: this.rows,
      losses: this.#intake.open(LOSSES, 'small'),
      acceptance: this.#intake,
      reply,
      security: this.security,
      naming,
      report: (trouble) => this.#report(trouble),
    });
  }

  /** @throws DogwatchError `SNMP_ENGINE_STATE_INVALID` */
  async start(): Promise<void> {
    await this.engine.start();
    this.#sweeping = setInterval(() => this.decoder.sweep(), SWEEP_MS);
    this.#sweeping.unref();
  }

  stop(): Promise<void> {
    clearInterval(this.#sweeping);
    this.decoder.sweep();
    return this.settle();
  }

  /** Everything that was received is in the queue, and informs are answered, when this resolves. */
  async settle(): Promise<void> {
    while (this.#asking !== undefined) await this.#asking;
    await this.#intake.settle();
  }

  receive(datagram: Datagram): void {
    if (this.#learn === undefined) return this.decoder.decode(datagram);
    // The listener fills one object again and again; the bytes are ours.
    if (this.#held.push({ ...datagram }) > MAX_HELD) this.#decodeHeld();
    else this.#asking ??= this.#ask(this.#learn);
  }

  /**
   * From here on `learn` is called before anything is decoded, once for what has come till then: it tells of informs that are known
   * elsewhere, and may come again to us. Where it takes too long, they are decoded without.
   */
  learnFirst(learn: () => Promise<void>): void {
    this.#learn = learn;
  }

  /** Never rejects. */
  async #ask(learn: () => Promise<void>): Promise<void> {
    while (this.#held.length > 0) {
      const count = this.#held.length;
      await withTimeout(learn(), MAX_HOLD_MS, 'what other workers have accepted').catch(() => {});
      this.#decodeHeld(count);
    }
    this.#asking = undefined;
  }

  #decodeHeld(count = this.#held.length): void {
    for (const datagram of this.#held.splice(0, count)) this.decoder.decode(datagram);
  }

  #report(trouble: SnmpTrouble): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.warn({ ...trouble, ...(suppressed > 0 ? { suppressed } : {}) }, 'SNMP message not taken');
  }
}
