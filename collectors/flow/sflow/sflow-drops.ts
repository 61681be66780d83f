/** Sources of one agent that are followed; further ones are not. A chassis has a few thousand interfaces. */
const MAX_SOURCES = 8192;
/** A counter that jumps by more was set anew. */
const MAX_STEP = 0x40_00_00_00;

/**
 * Turns the `drops` of flow samples, which an agent counts up for each of its sources since it started, into how many
 * there are new. One for each (agent, sub-agent).
 */
export class SampleDropCounter {
  // An agent that sends no flow samples, or a spoofed one, must not cost memory.
  #last: Map<number, number> | undefined;

  /** New drops of this source since the last call; 0 at the first one. */
  observe(sourceClass: number, sourceIndex: number, drops: number): number {
    const source = sourceClass * 4_294_967_296 + sourceIndex;
    const last = this.#last?.get(source);
    if (last === drops || (last === undefined && this.#last !== undefined && this.#last.size >= MAX_SOURCES)) return 0;
    this.#last ??= new Map();
    this.#last.set(source, drops);
    if (last === undefined) return 0;
    const step = (drops - last) >>> 0;
    return step > MAX_STEP ? 0 : step;
  }
}
