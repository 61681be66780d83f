import {
  connect,
  type DatabaseAddress,
  type DatabaseClient,
  describeDatabaseError,
  disconnect,
} from '../../storage/database/database.ts';
import {
  type DeviceFacts,
  listDevicesHeard,
  listUnknownInterfaces,
  recordPoll,
  recordPollFailure,
} from '../../storage/database/polled-names.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import { type Component, withTimeout } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';
import { RateLimit } from '../runtime/rate-limit.ts';
import { CredentialsByDevice } from './credentials-by-device.ts';
import { type DuePolicy, type DueReason, dueReason } from './due.ts';
import type { PollCredential, PollRule } from './poll-credential.ts';
import { pollDevice } from './poll-device.ts';
import { openAgent } from './snmp-agent.ts';
import { UnexplainedInterfaces } from './unexplained-interfaces.ts';

export interface PollerOptions extends DuePolicy {
  /** Devices asked at the same time. */
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly retries: number;
  /** How often it is decided who is due. Default 30 s. */
  readonly roundMs?: number;
}

/** Since the start. */
export interface PollerTotals {
  polls: number;
  failures: number;
  /** Interfaces seen by the successful ones. */
  interfaces: number;
}

/** Who is to be asked now. */
interface DueDevice {
  readonly device: string;
  readonly reason: DueReason;
  readonly attemptedAtMs: number | null;
  /** ifIndexes of its newest flows that are not known. */
  readonly unknown: readonly number[];
}

const ROUND_MS = 30_000;
/** A device that has been silent for so long is not asked any more, unless the configuration names its address. */
const HEARD_WITHIN_MS = 86_400_000;
/** Longer than a round, so that no flow is missed between two. */
const NEWEST_FLOWS = '40 seconds';
/** All questions to one device together. */
const DEVICE_TIMEOUT_MS = 120_000;

/**
 * Asks devices for their name and those of their interfaces (SNMP), on a schedule and when flows name an interface that is not
 * known. Only devices with a credential are asked. Of several nodes one does so: whoever holds the lock in the database.
 *
 *   start() ──▶ round: who is due? ──▶ asking, a few at once ──▶ recorded ──▶ round after 30 s
 *                 └── no credentials, database away, or another node has the lock: next round
 *   stop()  ──▶ those asked now are given up, and nothing is recorded of them
 */
export class Poller implements Component {
  readonly name = 'polling';
  readonly totals: PollerTotals = { polls: 0, failures: 0, interfaces: 0 };
  readonly #address: DatabaseAddress;
  readonly #options: PollerOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #troubleLimit = new RateLimit(5, 60_000);
  readonly #stopping = new AbortController();
  /** Aborts what is asked now. */
  #signal: AbortSignal = this.#stopping.signal;
  readonly #unexplained = new UnexplainedInterfaces();
  #credentials: CredentialsByDevice;
  #running: Promise<void> = Promise.resolve();
  #recording: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;

  constructor(address: DatabaseAddress, rules: readonly PollRule[], options: PollerOptions, clock: Clock, log: Log) {
    this.#address = address;
    this.#credentials = new CredentialsByDevice(rules);
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /** From the next round on. */
  replaceRules(rules: readonly PollRule[]): void {
    this.#credentials = new CredentialsByDevice(rules);
  }

  start(): Promise<void> {
    this.#again(0);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel?.();
    await this.#running;
  }

  /**
   * One round, in place of `start`, for who has a schedule of its own.
   * @throws what the database says
   */
  async runRound(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    await this.#askThoseDue();
  }

  #again(afterMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#cancel = this.#clock.after(afterMs, () => {
      this.#running = this.#round();
    });
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    try {
      await this.#askThoseDue();
    } catch (error) {
      this.#trouble({ error: describeDatabaseError(error) }, 'polling waits for the database');
    }
    this.#again(this.#options.roundMs ?? ROUND_MS);
  }

  async #askThoseDue(): Promise<void> {
    if (this.#credentials.isEmpty) return;
    const client = await connect(this.#address);
    try {
      const { rows } = await client.query<{ taken: boolean }>(
        `SELECT pg_try_advisory_lock(hashtext('dogwatch polling')) AS taken`,
      );
      if (rows[0]?.taken !== true) return;
      const due = new DueQueue(await this.#due(client));
      const askers = Array.from({ length: this.#options.concurrency }, () => this.#askAll(client, due));
      // All of them, or those that go on would ask beside the next round.
      const ends = await Promise.allSettled(askers);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    } finally {
      await disconnect(client); // and with it the lock
    }
  }

  /** Who is to be asked now, those first who have waited longest. */
  async #due(client: DatabaseClient): Promise<DueDevice[]> {
    const nowMs = this.#clock.nowMicros() / 1000;
    const heard = await listDevicesHeard(client, new Date(nowMs - HEARD_WITHIN_MS), this.#credentials.named);
    const credentialed = heard.filter(({ device }) => this.#credentials.of(device) !== undefined);
    if (credentialed.length === 0) return [];
    const unknownOf = new Map(
      (await listUnknownInterfaces(client, NEWEST_FLOWS)).map(({ device, interfaces }) => [device, interfaces]),
    );
    const due = credentialed.flatMap((each): DueDevice[] => {
      const unknown = unknownOf.get(each.device) ?? [];
      const worthIt = this.#unexplained.isWorthAsking(each.device, unknown);
      const reason = dueReason(each, worthIt, nowMs, this.#options);
      return reason === undefined ? [] : [{ ...each, reason, unknown }];
    });
    return due.toSorted((one, other) => (one.attemptedAtMs ?? 0) - (other.attemptedAtMs ?? 0));
  }

  /** @throws what the database says */
  async #askAll(client: DatabaseClient, due: DueQueue): Promise<void> {
    for (let next = due.take(); next !== undefined; next = due.take()) {
      if (this.#signal.aborted) return;
      const credential = this.#credentials.of(next.device);
      try {
        if (credential !== undefined) await this.#ask(client, next, credential);
      } catch (error) {
        due.abandon();
        throw error;
      }
    }
  }

  /** @throws what the database says; trouble with the device is recorded */
  async #ask(
    client: DatabaseClient,
    { device, reason, unknown }: DueDevice,
    credential: PollCredential,
  ): Promise<void> {
    const askedAt = new Date(this.#clock.nowMicros() / 1000);
    let facts: DeviceFacts;
    try {
      facts = await this.#questions(device, credential);
    } catch (error) {
      // Given up half-way: that says nothing of the device.
      if (this.#signal.aborted) return;
      this.totals.polls += 1;
      this.totals.failures += 1;
      this.#trouble({ device, error: messageOf(error) }, 'a device could not be polled');
      await this.#record(() => recordPollFailure(client, device, askedAt, messageOf(error)));
      return;
    }
    this.totals.polls += 1;
    this.totals.interfaces += facts.interfaces.length;
    this.#unexplained.learn(device, unknown, new Set(facts.interfaces.map(({ ifIndex }) => ifIndex)));
    this.#log.debug({ device, reason, interfaces: facts.interfaces.length }, 'polled a device');
    await this.#record(() => recordPoll(client, device, askedAt, facts));
  }

  async #questions(device: string, credential: PollCredential): Promise<DeviceFacts> {
    const { timeoutMs, retries } = this.#options;
    const agent = openAgent(device, credential, { timeoutMs, retries });
    const signal = this.#signal;
    const abandon = (): void => agent.close();
    signal.addEventListener('abort', abandon);
    try {
      return await withTimeout(pollDevice(agent), DEVICE_TIMEOUT_MS, `polling ${device}`);
    } finally {
      signal.removeEventListener('abort', abandon);
      agent.close();
    }
  }

  /** One at a time: those who ask share a connection, and a transaction is one's own. */
  async #record(write: () => Promise<void>): Promise<void> {
    const written = this.#recording.then(write);
    this.#recording = written.catch(() => {});
    await written;
  }

  #trouble(fields: Record<string, unknown>, message: string): void {
    const { passed, suppressed } = this.#troubleLimit.take(this.#clock.monotonicMs());
    if (passed) this.#log.warn({ ...fields, ...(suppressed > 0 ? { suppressed } : {}) }, message);
  }
}

/** What the askers of a round share. */
class DueQueue {
  #devices: readonly DueDevice[];
  #next = 0;

  constructor(devices: readonly DueDevice[]) {
    this.#devices = devices;
  }

  take(): DueDevice | undefined {
    const next = this.#devices[this.#next];
    this.#next += 1;
    return next;
  }

  /** The rest comes in the next round. */
  abandon(): void {
    this.#devices = [];
  }
}
