/** Interfaces of flows that polling does not explain: what is still unknown after a poll is no reason for another one soon. */
export class UnexplainedInterfaces {
  readonly #byDevice = new Map<string, ReadonlySet<number>>();

  /** Whether any of them might become known by asking. */
  isWorthAsking(device: string, unknown: readonly number[]): boolean {
    const futile = this.#byDevice.get(device);
    return unknown.some((ifIndex) => futile?.has(ifIndex) !== true);
  }

  /** After a poll: of those that were unknown before it, remembers the ones that it did not tell. */
  learn(device: string, unknown: readonly number[], told: ReadonlySet<number>): void {
    const left = unknown.filter((ifIndex) => !told.has(ifIndex));
    const before = this.#byDevice.get(device) ?? [];
    const kept = new Set([...left, ...before].filter((ifIndex) => !told.has(ifIndex)).slice(0, MOST_A_DEVICE));
    this.#byDevice.delete(device);
    if (kept.size > 0) this.#byDevice.set(device, kept);
    if (this.#byDevice.size > MOST_DEVICES) this.#byDevice.delete([...this.#byDevice.keys()][0] ?? '');
  }
}

const MOST_A_DEVICE = 1000;
const MOST_DEVICES = 10_000;
