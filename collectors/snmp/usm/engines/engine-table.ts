import type { UsmUser } from '../users/user.ts';
import { learnTime, MAX_BOOTS } from './engine-time.ts';
import { SenderEngine } from './sender-engine.ts';

/** What is known of a sender's clock, as plain values that survive JSON: a standby is fed with them. */
export interface SenderState {
  /** Hexadecimal, lower case. */
  readonly engineId: string;
  readonly boots: number;
  /** The latest snmpEngineTime that was received with these boots, in seconds. */
  readonly time: number;
  /** When, microseconds since the Unix epoch. */
  readonly atMicros: number;
}

const HEX_ENGINE_ID = /^(?:[0-9a-f]{2}){1,32}$/i;

/**
 * The engines that are known: only what an authentic message came from is entered, so strangers take no place, however
 * many they are. Bounded; the engine that was silent longest goes first.
 */
export class EngineTable {
  evictions = 0;
  /** Is told of each engine that had to go. */
  forgotten: ((engine: SenderEngine) => void) | undefined;
  readonly #capacity: number;
  /** By the bytes of the engine id in Latin-1; in the order of use. */
  readonly #engines = new Map<string, SenderEngine>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#engines.size;
  }

  find(key: string): SenderEngine | undefined {
    return this.#engines.get(key);
  }

  /** Makes an engine the most recently used one; it was authenticated just now. */
  touch(key: string, engine: SenderEngine): void {
    this.#engines.delete(key);
    if (this.#engines.size >= this.#capacity) this.#forgetOldest();
    this.#engines.set(key, engine);
  }

  /** Forgets the keys of users that are no more. */
  retainKeys(users: ReadonlySet<UsmUser>): void {
    for (const engine of this.#engines.values()) engine.retainKeys(users);
  }

  /** Least recently used first; those whose time went on since then. */
  snapshot(sinceMicros: number): SenderState[] {
    return [...this.#engines.values()]
      .filter(({ time }) => time.boots >= 0 && time.latestAtMicros >= sinceMicros)
      .map(({ id, time }) => ({
        engineId: id.toString('hex'),
        boots: time.boots,
        time: time.latestTime,
        atMicros: time.latestAtMicros,
      }));
  }

  /** Takes over what another node learnt; a clock never goes back by it. States that make no sense are passed over. */
  restore(states: readonly SenderState[]): void {
    for (const { engineId, boots, time, atMicros } of states) {
      if (!HEX_ENGINE_ID.test(engineId) || !isTime(boots) || !isTime(time) || !Number.isSafeInteger(atMicros)) continue;
      const id = Buffer.from(engineId, 'hex');
      const key = id.toString('latin1');
      const engine = this.#engines.get(key) ?? new SenderEngine(id);
      const known = engine.time;
      if (boots > known.boots || (boots === known.boots && time > known.latestTime)) {
        learnTime(known, boots, time, atMicros);
      }
      engine.toldAtMicros = 0;
      learnTime(engine.told, known.boots, known.latestTime, known.latestAtMicros);
      this.touch(key, engine);
    }
  }

  /** All whose clock is known, least recently used first. */
  *all(): Iterable<SenderEngine> {
    for (const engine of this.#engines.values()) if (engine.time.boots >= 0) yield engine;
  }

  /** On the word of another process; what we have heard ourselves stays. `engineId`: hexadecimal. */
  forget(engineId: string): void {
    const key = Buffer.from(engineId, 'hex').toString('latin1');
    if (this.#engines.get(key)?.toldAtMicros === 0) this.#engines.delete(key);
  }

  #forgetOldest(): void {
    const oldest = this.#engines.keys().next();
    if (oldest.done === true) return;
    const engine = this.#engines.get(oldest.value);
    this.#engines.delete(oldest.value);
    this.evictions += 1;
    if (engine !== undefined) this.forgotten?.(engine);
  }
}

function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_BOOTS;
}
