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

/**
 * The identity of our own engine.
 *
 *   idle ──start(): load or create, boots + 1, save──▶ running, time counts from 0
 *
 * `start` again, on this node or the other, raises boots again: that is what a takeover does.
 */
export class EngineIdentity implements EngineClock {
  readonly #store: EngineStateStore;
  readonly #clock: Clock;
  readonly #enterprise: number;
  #engineId: Buffer = Buffer.alloc(0);
  #boots = 0;
  #startedAtMs = 0;

  /** `enterprise`: private enterprise number for an engine id that has to be created. */
  constructor(store: EngineStateStore, clock: Clock, enterprise = 0) {
    this.#store = store;
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
    const state = (await this.#store.load()) ?? { engineId: createEngineId(this.#enterprise), boots: 0 };
    const next = { engineId: checkedEngineId(state.engineId), boots: nextBoots(state.boots) };
    // Saved before anybody hears of it: boots that were told and then forgotten would come a second time.
    await this.#store.save(next);
    this.#engineId = Buffer.from(next.engineId, 'hex');
    this.#boots = next.boots;
    this.#startedAtMs = this.#clock.monotonicMs();
  }
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
