/** Something that happens at a moment of true time. */
interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const settled = Promise.resolve();

/** True time, and what is to happen in it; a binary heap by moment, then by order of arrival. */
export class Timeline {
  nowMs = 0;
  readonly #heap: Happening[] = [];
  #order = 0;

  /** @returns how to cancel it */
  at(atMs: number, run: () => void): () => void {
    const happening: Happening = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, run, cancelled: false };
    this.#heap.push(happening);
    this.#rise(this.#heap.length - 1);
    return () => {
      happening.cancelled = true;
    };
  }

  after(delayMs: number, run: () => void): () => void {
    return this.at(this.nowMs + delayMs, run);
  }

  /** Lets all happen until `untilMs`. After each, the promises that it settled are seen to. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.atMs > untilMs) break;
      this.#removeFirst();
      if (first.cancelled) continue;
      this.nowMs = first.atMs;
      first.run();
      // As many turns as the longest chain of awaits in the code under test takes.
      for (let turn = 0; turn < 12; turn += 1) await settled;
    }
    this.nowMs = untilMs;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const smaller = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!isBefore(heap[smaller], heap[index])) return;
      this.#swap(index, smaller);
      index = smaller;
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const first = heap[a];
    const second = heap[b];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  }
}

function isBefore(a: Happening | undefined, b: Happening | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
