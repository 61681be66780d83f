import type { WarmEntry, WarmState } from '../../warm-state.ts';
import type { EngineTable } from '../usm/engines/engine-table.ts';
import { learnTime } from '../usm/engines/engine-time.ts';
import type { SenderEngine } from '../usm/engines/sender-engine.ts';
import { decodeEngine, ENGINE_KIND, encodeEngine } from './warm-values.ts';

/** Time goes on with each message; others are told at most so often. It is little beside a time window of 150 s. */
const TELL_AFTER_MICROS = 10_000_000;

/** The clocks of senders' engines as warm entries, so that time windows hold wherever a sender's next message is taken. */
export class EngineWarmth implements WarmState {
  onWarmChange: ((entry: WarmEntry) => void) | undefined;
  readonly #table: EngineTable;

  constructor(table: EngineTable) {
    this.#table = table;
    table.forgotten = (engine) => {
      // What others told us of is forgotten in silence.
      if (engine.toldAtMicros > 0) this.onWarmChange?.({ kind: ENGINE_KIND, key: keyOf(engine), value: undefined });
    };
  }

  /** An authentic message came from this engine. */
  heard(engine: SenderEngine, nowMicros: number): void {
    const { time, told, toldAtMicros } = engine;
    if (time.boots === told.boots) {
      if (time.latestTime === told.latestTime) return;
      if (Math.abs(nowMicros - toldAtMicros) < TELL_AFTER_MICROS) return;
    }
    engine.toldAtMicros = nowMicros;
    learnTime(told, time.boots, time.latestTime, time.latestAtMicros);
    this.onWarmChange?.(entryOf(engine));
  }

  *warmEntries(): Iterable<WarmEntry> {
    for (const engine of this.#table.all()) yield entryOf(engine);
  }

  restoreWarm({ kind, key, value }: WarmEntry): void {
    if (kind !== ENGINE_KIND) return;
    if (value === undefined) return this.#table.forget(key);
    const state = decodeEngine(key, value);
    if (state !== undefined) this.#table.restore([state]);
  }
}

function entryOf(engine: SenderEngine): WarmEntry {
  const { boots, latestTime, latestAtMicros } = engine.time;
  const value = encodeEngine({ boots, time: latestTime, atMicros: latestAtMicros });
  return { kind: ENGINE_KIND, key: keyOf(engine), value };
}

function keyOf(engine: SenderEngine): string {
  return engine.id.toString('hex');
}
