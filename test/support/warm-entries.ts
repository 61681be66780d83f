import type { WarmEntry, WarmState } from '../../collectors/warm-state.ts';

/** What was told, as a keeper would hold it: the latest entry of each kind and key, the oldest first; copies, as a transport makes them. */
export class ToldEntries {
  readonly #entries = new Map<string, WarmEntry>();
  /** Every entry, in order. */
  readonly log: WarmEntry[] = [];

  listenTo(state: WarmState): this {
    state.onWarmChange = (entry) => this.take(entry);
    return this;
  }

  take(entry: WarmEntry): void {
    const copy = structuredClone(entry);
    this.log.push(copy);
    const name = `${entry.kind} ${entry.key}`;
    this.#entries.delete(name);
    if (entry.value !== undefined) this.#entries.set(name, copy);
  }

  get all(): WarmEntry[] {
    return [...this.#entries.values()];
  }

  ofKind(kind: string): WarmEntry[] {
    return this.all.filter((entry) => entry.kind === kind);
  }

  restoreInto(state: WarmState): void {
    for (const entry of this.all) state.restoreWarm(structuredClone(entry));
  }
}

/** Names and bytes of entries in an order of their own, to compare two states. */
export function describeEntries(entries: Iterable<WarmEntry>): string[] {
  return [...entries]
    .map(({ kind, key, value }) => `${kind} ${key} ${value === undefined ? '-' : Buffer.from(value).toString('hex')}`)
    .sort();
}
