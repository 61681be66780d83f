import {
  connect,
  type DatabaseAddress,
  type DatabaseClient,
  describeDatabaseError,
  disconnect,
} from '../../storage/database/database.ts';
import {
  type DeviceFacts,
  type HeardDevice,
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
import type { PollCredential, PollRule } from './poll-credential.ts';
import { pollDevice } from './poll-device.ts';
import { openAgent } from './snmp-agent.ts';

export interface PollerOptions {
  /** How often a device is asked. */
  readonly intervalMs: number;
  /** How soon it is asked again when its flows name an interface that we do not know. */
  readonly soonestMs: number;
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

const ROUND_MS = 30_000;
/** A device that has been silent for so long is not asked any more, unless the configuration names its address. */
const HEARD_WITHIN_MS = 86_400_000;
const NEWEST_FLOWS = '10 seconds';
const FIRST_BACK_OFF_MS = 60_000;
/** All questions to one device together. */
const DEVICE_TIMEOUT_MS = 120_000;

/**
 * Asks devices for their name and those of their interfaces (SNMP), on a schedule and when flows name an interface that is not
 * known. Only devices with a credential are asked. Of several nodes one does so: whoever holds the lock in the database.
 *
 *   start() ──▶ round: who is due? ──▶ asking, a few at once ──▶ recorded ──▶ round after 30 s
 *                 └── database away, or another node has the lock: next round
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
    const client = await connect(this.#address);
    try {
      const { rows } = await client.query<{ taken: boolean }>(
        `SELECT pg_try_advisory_lock(hashtext('dogwatch polling')) AS taken`,
      );
      if (rows[0]?.taken !== true) return;
      const due = await this.#due(client);
      const next = due[Symbol.iterator]();
      const askers = Array.from({ length: this.#options.concurrency }, () => this.#askAll(client, next));
      await Promise.all(askers);
    } finally {
      await disconnect(client); // and with it the lock
    }
  }

  /** Who is to be asked now, those first who have waited longest. */
  async #due(client: DatabaseClient): Promise<string[]> {
    const nowMs = this.#clock.nowMicros() / 1000;
    const heard = await listDevicesHeard(client, new Date(nowMs - HEARD_WITHIN_MS), this.#credentials.named);
    const unknown = new Set(await listUnknownInterfaces(client, NEWEST_FLOWS));
    return heard
      .filter((each) => this.#credentials.of(each.device) !== undefined && this.#isDue(each, nowMs, unknown))
      .toSorted((one, other) => (one.attemptedAtMs ?? 0) - (other.attemptedAtMs ?? 0))
      .map(({ device }) => device);
  }

  #isDue({ device, attemptedAtMs, failures }: HeardDevice, nowMs: number, unknown: ReadonlySet<string>): boolean {
    if (attemptedAtMs === null) return true;
    const { intervalMs, soonestMs } = this.#options;
    const backOffMs = FIRST_BACK_OFF_MS * 2 ** Math.min(failures - 1, 10);
    const waitMs = failures > 0 ? Math.min(intervalMs, backOffMs) : unknown.has(device) ? soonestMs : intervalMs;
    return nowMs - attemptedAtMs >= Math.min(waitMs, intervalMs);
  }

  async #askAll(client: DatabaseClient, devices: Iterator<string>): Promise<void> {
    for (let next = devices.next(); next.done !== true; next = devices.next()) {
      const credential = this.#credentials.of(next.value);
      if (this.#stopping.signal.aborted) return;
      if (credential !== undefined) await this.#ask(client, next.value, credential);
    }
  }

  /** @throws what the database says; trouble with the device is recorded */
  async #ask(client: DatabaseClient, device: string, credential: PollCredential): Promise<void> {
    const askedAt = new Date(this.#clock.nowMicros() / 1000);
    this.totals.polls += 1;
    let facts: DeviceFacts;
    try {
      facts = await this.#questions(device, credential);
    } catch (error) {
      this.totals.failures += 1;
      this.#trouble({ device, error: messageOf(error) }, 'a device could not be polled');
      await this.#record(() => recordPollFailure(client, device, askedAt, messageOf(error)));
      return;
    }
    this.totals.interfaces += facts.interfaces.length;
    await this.#record(() => recordPoll(client, device, askedAt, facts));
  }

  async #questions(device: string, credential: PollCredential): Promise<DeviceFacts> {
    const { timeoutMs, retries } = this.#options;
    const agent = openAgent(device, credential, { timeoutMs, retries });
    const abandon = (): void => agent.close();
    this.#stopping.signal.addEventListener('abort', abandon);
    try {
      return await withTimeout(pollDevice(agent), DEVICE_TIMEOUT_MS, `polling ${device}`);
    } finally {
      this.#stopping.signal.removeEventListener('abort', abandon);
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
