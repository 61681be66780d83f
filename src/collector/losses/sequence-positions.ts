import type { SequenceTracker } from '../../../collectors/flow/exporter/sequence.ts';
import type { FlowDecoder } from '../../../collectors/flow/flow-decoder.ts';
import type { WarmEntry, WarmState } from '../../../collectors/warm-state.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Component } from '../../runtime/lifecycle.ts';

const KIND = 'flow.sequence';
const VERSION = 1;
const TELL_EVERY_MS = 1000;
/** As long as the tracker itself would go on after a pause. */
const MAX_NUMBERS = 256;
/** As many as the keeper remembers. */
const MAX_KEPT = 20_000;

/**
 * Where sequence numbers stand, told to the other node of a pair every second while this one listens: what is lost around a takeover
 * then shows in the numbers of the exporters, as any other loss.
 *
 *   listening ──every second──▶ positions that moved are told
 *   what is told is kept aside ──takeover──▶ the decoder goes on from there, or from what it heard itself later than that
 *                               └─hand-over──▶ nothing was lost: it begins anew
 *
 * While a switchover ends both nodes listen: what the other tells then counts as well.
 */
export class SequencePositions implements WarmState, Component {
  readonly name = 'sequence positions';
  onWarmChange: ((entry: WarmEntry) => void) | undefined;
  readonly #decoder: Pick<FlowDecoder, 'followedSequences' | 'restoreSequence'>;
  readonly #clock: Clock;
  /** By description, of the other node. */
  readonly #kept = new Map<string, Float64Array>();
  readonly #toldAt = new WeakMap<SequenceTracker, number>();
  readonly #numbers = new Float64Array(MAX_NUMBERS);
  #isListening = false;
  #cancel: (() => void) | undefined;

  constructor(decoder: Pick<FlowDecoder, 'followedSequences' | 'restoreSequence'>, clock: Clock) {
    this.#decoder = decoder;
    this.#clock = clock;
  }

  start(): Promise<void> {
    this.#tellLater();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#cancel?.();
    return Promise.resolve();
  }

  /** This node begins to listen. @param after who did before: the other node, until it was gone or handed over; or this one */
  resume(after: 'takeover' | 'handOver' | 'ourselves'): void {
    const wasListening = this.#isListening;
    this.#isListening = true;
    // A worker's successor has its positions from the file of its accounts.
    if (wasListening || after === 'ourselves') return;
    if (after === 'handOver') this.#kept.clear();
    this.#forgetOlder();
    const now = this.#clock.nowMicros();
    for (const [description, state] of this.#kept) this.#decoder.restoreSequence({ description, note: '', state }, now);
    this.#kept.clear();
  }

  /** Positions of our own that are not the last: the other node has followed the numbers since. */
  #forgetOlder(): void {
    for (const sequence of this.#decoder.followedSequences()) {
      const description = sequence.describe();
      const kept = this.#kept.get(description);
      if (kept !== undefined && sequence.seenAtMicros > seenAtOf(kept)) this.#kept.delete(description);
      else sequence.forget();
    }
  }

  /** It listens no more. */
  pause(): void {
    this.#isListening = false;
  }

  warmEntries(): Iterable<WarmEntry> {
    return [];
  }

  restoreWarm({ kind, key, value }: WarmEntry): void {
    if (kind !== KIND) return;
    const state = value === undefined ? undefined : decode(value);
    if (state === undefined) return void this.#kept.delete(key);
    const known = this.#kept.get(key);
    if (known === undefined ? this.#kept.size < MAX_KEPT : seenAtOf(state) >= seenAtOf(known))
      this.#kept.set(key, state);
  }

  #tellLater(): void {
    this.#cancel = this.#clock.after(TELL_EVERY_MS, () => {
      if (this.#isListening) this.#tell();
      this.#tellLater();
    });
  }

  #tell(): void {
    for (const sequence of this.#decoder.followedSequences()) {
      if (this.#toldAt.get(sequence) === sequence.seenAtMicros) continue;
      this.#toldAt.set(sequence, sequence.seenAtMicros);
      const end = sequence.writeState(this.#numbers, 0);
      this.onWarmChange?.({ kind: KIND, key: sequence.describe(), value: encode(this.#numbers.subarray(0, end)) });
    }
  }
}

/** As `SequenceTracker` writes it first. */
function seenAtOf(state: Float64Array): number {
  return state[0] ?? 0;
}

function encode(numbers: Float64Array): Buffer {
  const value = Buffer.alloc(1 + numbers.byteLength);
  value[0] = VERSION;
  for (const [index, number] of numbers.entries()) value.writeDoubleBE(number, 1 + 8 * index);
  return value;
}

/** Undefined where it cannot be read. */
function decode(value: Uint8Array): Float64Array | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const count = (bytes.length - 1) / 8;
  if (bytes[0] !== VERSION || !Number.isInteger(count) || count < 1 || count > MAX_NUMBERS) return undefined;
  return Float64Array.from({ length: count }, (_, index) => bytes.readDoubleBE(1 + 8 * index));
}
