import type { SharedEngine } from '../../collectors/snmp/usm/engines/engine-identity.ts';
import type { WarmEntry, WarmState } from '../../collectors/warm-state.ts';
import { type Families, openFamilies, snmpCredentials } from '../collector/families.ts';
import { openStorage } from '../collector/open-storage.ts';
import { journalOptions } from '../collector/options.ts';
import { actAs, asRoot, giveUpRoot } from '../collector/privileges.ts';
import type { MibLoader } from '../mibs/mib-loader.ts';
import type { SocketHandle } from '../processes/channel.ts';
import { tuneEngine } from '../runtime/engine.ts';
import { monotonicOfMachineMs, systemClock } from '../runtime/clock.ts';
import { Lifecycle, withTimeout } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { type Parts, reportOf } from './report-of.ts';
import { type SendWarm, WarmLink } from './warm-link.ts';
import { type ExporterReport, exporterReports, type WorkerReport } from './worker-report.ts';
import type { Hearing, Opening, WorkerStart } from './worker-words.ts';

/** Whom the worker tells what its decoders learn. */
export interface KeeperOfWarmth {
  readonly learnt: SendWarm;
  /** Resolves when `restore` was called with all that others have learnt. */
  readonly warmUp: () => Promise<void>;
  /** The worker has closed its listeners, since its time was over. */
  readonly late: () => void;
}

/** The longest that one part may take to stop. */
const STOP_PART_MS = 5000;
const FIRST_NAMES_MS = 5000;

/**
 * Receives, decodes, batches, journals and writes. It starts from the end of a datagram's way to its beginning, and stops in
 * reverse, so that a datagram that was received finds every room behind it still open.
 *
 *   journal ─▶ queue ─▶ writer ─▶ decoders ─▶ listeners
 */
export class Worker {
  readonly #start: WorkerStart;
  readonly #sockets: ReadonlyMap<number, SocketHandle>;
  readonly #keeper: KeeperOfWarmth;
  readonly #log: Log;
  readonly #lifecycle: Lifecycle;
  #parts: Parts | undefined;
  #warm: WarmLink | undefined;
  #informs: Families['informs'] | undefined;
  #accounts: Families['accounts'] | undefined;
  #isLate = false;

  /**
   * @param sockets those of `config.listeners`, by their position
   */
  constructor(start: WorkerStart, sockets: ReadonlyMap<number, SocketHandle>, keeper: KeeperOfWarmth, log: Log) {
    this.#start = start;
    this.#sockets = sockets;
    this.#keeper = keeper;
    this.#log = log;
    this.#lifecycle = new Lifecycle(log, STOP_PART_MS);
  }

  /** @throws DogwatchError with what to do about it; what had been started is stopped again */
  async start(): Promise<void> {
    tuneEngine();
    try {
      this.#parts = await this.#open();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Reads what the kernel still holds, brings it into the journal, and writes as far as the database takes it in time. */
  stop(): Promise<void> {
    this.#accounts?.expectGuests();
    return this.#lifecycle.stop();
  }

  /** Takes what another worker has learnt. */
  restore(entries: readonly WarmEntry[]): void {
    this.#warm?.restore(entries);
  }

  /**
   * Opens its listeners on the sockets that it was sent.
   * @throws DogwatchError of the first that does not open
   */
  async listen({ untilMs, after }: Opening): Promise<void> {
    const { listeners, positions } = this.#running();
    positions.resume(after);
    this.hearUntil({ untilMs });
    await listeners.open(this.#sockets);
  }

  /** Speaks as another SNMP engine from now on. */
  adoptEngine(engine: SharedEngine): void {
    this.#parts?.snmp.engine.adopt(engine);
  }

  /** What comes later closes the listeners, and is told. Before the start it means nothing: the time comes again with `listen`. */
  hearUntil({ untilMs }: Hearing): void {
    this.#parts?.listeners.acceptUntil(monotonicOfMachineMs(untilMs), () => void this.#beLate());
  }

  /** Closes its listeners; resolves when what they had heard is in the journal. */
  async hush(): Promise<void> {
    const { listeners, positions, flow, syslog, snmp } = this.#running();
    await listeners.close();
    positions.pause();
    await Promise.all([flow, syslog, snmp].map((family) => family.settle()));
  }

  async #beLate(): Promise<void> {
    if (this.#isLate) return;
    this.#isLate = true;
    this.#log.warn({}, 'datagrams came after the lease had ended; they are kept, and no more are taken');
    await this.hush();
    this.#isLate = false;
    this.#keeper.late();
  }

  /** Tells all that its decoders know, since something of it did not get through. */
  tellAll(): void {
    this.#warm?.tellAll();
  }

  /** The keeper is gone: senders of other workers may come to us. */
  orphan(): void {
    this.#accounts?.expectGuests();
    const informs = this.#informs;
    if (informs !== undefined) this.#parts?.snmp.learnFirst(() => informs.lookAtOthers());
  }

  /** Whether it has ever been started; it then reports, also after `stop`. */
  get isOpen(): boolean {
    return this.#parts !== undefined;
  }

  async report(): Promise<WorkerReport> {
    const parts = this.#running();
    await Promise.all(parts.listeners.datagram.map((listener) => listener.readKernelDrops()));
    return reportOf(parts);
  }

  exporters(): ExporterReport[] {
    return exporterReports(this.#running().flow.decoder.exporters());
  }

  async #open(): Promise<Parts> {
    const { config, account, database } = this.#start;
    const credentials = snmpCredentials(config);
    // Files belong to whoever goes on; secrets are read as whoever was started.
    if (account !== undefined) actAs(account);
    const storage = await openStorage(config, this.#start, database, this.#lifecycle, this.#log);
    const families = await openFamilies(
      config,
      credentials,
      {
        queue: storage.queue,
        drafts: storage.journal.drafts,
        dropped: storage.dropped,
        kernelDrops: this.#start.kernelDrops,
        database,
        engine: this.#start.engine,
        warmUp: (states) => this.#warmUp(states),
        // May be another than the configured one, while somebody else still has that.
        journalDirectory: storage.journal.directory,
        journalDirectoryNow: () => storage.journal.directory,
        sockets: this.#sockets,
        isGated: this.#start.isGated,
        withSecrets: account === undefined ? (step) => step() : (step) => asRoot(account, step),
      },
      this.#lifecycle,
      this.#log,
    );
    if (account !== undefined) {
      await firstNames(families.mibs);
      giveUpRoot(account);
    }
    this.#informs = families.informs;
    this.#accounts = families.accounts;
    const journalMaxBytes = journalOptions(config, this.#start).maxBytes ?? 0;
    return { ...storage, ...families, journalMaxBytes };
  }

  async #warmUp(states: readonly WarmState[]): Promise<void> {
    const { learnt, warmUp } = this.#keeper;
    const warm = new WarmLink(states, learnt, this.#log, () => systemClock.monotonicMs());
    this.#warm = warm;
    await this.#lifecycle.start(warm);
    await warmUp();
  }

  #running(): Parts {
    if (this.#parts === undefined) throw new Error('the worker has not been started');
    return this.#parts;
  }
}

/** The thread that compiles MIB files reads the program's own files as it starts: before they may be out of its reach. */
async function firstNames(mibs: MibLoader): Promise<void> {
  await withTimeout(mibs.loaded, FIRST_NAMES_MS, mibs.name).catch(() => {});
}
