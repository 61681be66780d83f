import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../../src/runtime/clock.ts';
import { DogwatchError } from '../../../../src/runtime/errors.ts';
import { MAX_BOOTS } from './engine-time.ts';

/**
 * Who we are to senders of informs (RFC 3411 section 3.1.1.1, RFC 3414 section 2.2). Belongs to the pair, not to a host: senders keep
 * keys made for this engine id, and refuse one whose boots go back.
 */
export interface EngineState {
  /** Hexadecimal, lower case. */
  readonly engineId: string;
  /** snmpEngineBoots: how often this engine has started, 1 … 2^31-1. */
  readonly boots: number;
}

/** A running engine, for other processes of its host: all of them speak as one. */
export interface SharedEngine extends EngineState {
  /** When boots were raised, in milliseconds of the host's monotonic clock (`hostMonotonicMs`). */
  readonly startedAtMs: number;
}

/** Where the state is kept. `save` resolves when it would survive a crash. */
export interface EngineStateStore {
  load(): Promise<EngineState | undefined>;
  save(state: EngineState): Promise<void>;
}

/** The engine as the processor sees it. */
export interface EngineClock {
  readonly engineId: Buffer;
  readonly boots: number;
  /** snmpEngineTime: whole seconds since `boots` was raised. */
  time(): number;
}

/**
 * RFC 3411 section 5, SnmpEngineID: four octets of the maker's private enterprise number with the first bit set, one that
 * says how the rest is formed (5: as the maker likes), then up to 27 octets. The project has no enterprise number; 0 is IANA's
 * reserved one. Sixteen random octets make it unique.
 */
function createEngineId(enterprise = 0): string {
  const head = Buffer.alloc(5);
  head.writeUInt32BE((0x8000_0000 | enterprise) >>> 0, 0);
  head[4] = 5;
  return Buffer.concat([head, randomBytes(16)]).toString('hex');
}

/** CLOCK_MONOTONIC in milliseconds: the same in all processes of a host, unlike `performance.now()`. */
function hostMonotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/**
 * The identity of our own engine.
 *
 *   idle ──start() with a store: load or create, boots + 1, save──▶ running, time counts from 0
 *     └───start() with a shared engine, or adopt()───────────────▶ running, time goes on as there
 *
 * `start` with a store again, on this node or the other, raises boots again: that is what a takeover does.
 */
export class EngineIdentity implements EngineClock {
  readonly #source: EngineStateStore | SharedEngine;
  readonly #clock: Clock;
  readonly #enterprise: number;
  #engineId: Buffer = Buffer.alloc(0);
  #boots = 0;
  #startedAtMs = 0;

  /**
   * @param source a store, by the one process that raises boots; by all others what its `share` gave
   * @param enterprise private enterprise number for an engine id that has to be created
   */
  constructor(source: EngineStateStore | SharedEngine, clock: Clock, enterprise = 0) {
    this.#source = source;
    this.#clock = clock;
    this.#enterprise = enterprise;
  }

  get engineId(): Buffer {
    return this.#engineId;
  }

  get boots(): number {
    return this.#boots;
  }

  time(): number {
    return Math.min(MAX_BOOTS, Math.floor((this.#clock.monotonicMs() - this.#startedAtMs) / 1000));
  }

  /** @throws DogwatchError `SNMP_ENGINE_STATE_INVALID`, `SNMP_ENGINE_BOOTS_EXHAUSTED`; what the store throws */
  async start(): Promise<void> {
    if (!isStore(this.#source)) return this.adopt(this.#source);
    const state = (await this.#source.load()) ?? { engineId: createEngineId(this.#enterprise), boots: 0 };
    const next = { engineId: checkedEngineId(state.engineId), boots: nextBoots(state.boots) };
    // Saved before anybody hears of it: boots that were told and then forgotten would come a second time.
    await this.#source.save(next);
    this.#engineId = Buffer.from(next.engineId, 'hex');
    this.#boots = next.boots;
    this.#startedAtMs = this.#clock.monotonicMs();
  }

  /** What other processes of this host need to speak as this engine; it must be running. `nowMs`: see `hostMonotonicMs`. */
  share(nowMs = hostMonotonicMs()): SharedEngine {
    const ageMs = this.#clock.monotonicMs() - this.#startedAtMs;
    return { engineId: this.#engineId.toString('hex'), boots: this.#boots, startedAtMs: nowMs - ageMs };
  }

  /**
   * Speaks as an engine that another process of this host started.
   * @throws DogwatchError `SNMP_ENGINE_STATE_INVALID`
   */
  adopt({ engineId, boots, startedAtMs }: SharedEngine, nowMs = hostMonotonicMs()): void {
    const id = Buffer.from(checkedEngineId(engineId), 'hex');
    if (!Number.isSafeInteger(boots) || boots < 1 || boots >= MAX_BOOTS || !Number.isFinite(startedAtMs)) {
      throw new DogwatchError(
        'SNMP_ENGINE_STATE_INVALID',
        `an SNMP engine of ${boots} boots, started at ${startedAtMs}`,
      );
    }
    this.#engineId = id;
    this.#boots = boots;
    this.#startedAtMs = this.#clock.monotonicMs() - Math.max(0, nowMs - startedAtMs);
  }
}

function isStore(source: EngineStateStore | SharedEngine): source is EngineStateStore {
  return 'load' in source;
}

function checkedEngineId(engineId: string): string {
  // RFC 3411 section 5: 5 to 32 octets, neither all zeros nor all ones.
  if (/^(?:[0-9a-f]{2}){5,32}$/i.test(engineId) && !/^(?:0+|f+)$/i.test(engineId)) return engineId.toLowerCase();
  throw new DogwatchError('SNMP_ENGINE_STATE_INVALID', `the SNMP engine id ${JSON.stringify(engineId)} is none`, {
    remedy: 'Give 5 to 32 bytes in hexadecimal, or remove the stored state so that a new one is created.',
  });
}

function nextBoots(boots: number): number {
  if (!Number.isSafeInteger(boots) || boots < 0) {
    throw new DogwatchError('SNMP_ENGINE_STATE_INVALID', `SNMP engine boots of ${boots}`, {
      remedy: 'Restore the stored state, or remove it so that a new engine id is created.',
    });
  }
  // RFC 3414 section 2.2.2: an engine that reached the highest value cannot authenticate until it gets a new id or new keys.
  if (boots >= MAX_BOOTS - 1) {
    throw new DogwatchError('SNMP_ENGINE_BOOTS_EXHAUSTED', 'the SNMP engine has started 2147483646 times', {
      remedy: 'Remove the stored state so that a new engine id is created, and let senders discover it.',
    });
  }
  return boots + 1;
}
