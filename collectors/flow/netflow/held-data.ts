import type { HeldArrival } from '../exporter/sequence.ts';

/** A data set that waits for its template, with what its datagram's header said. */
export interface HeldSet<Owner extends object, Stream> {
  readonly owner: Owner;
  readonly stream: Stream;
  readonly templateId: number;
  /**
   * The contents of the set, without its header; one character a byte (latin1). A string lives in the heap of the
   * engine, while a small buffer of its own costs several times its bytes, and leaves holes in the process's memory.
   */
  readonly contents: string;
  readonly receivedAtMicros: number;
  readonly exportedAtMicros: number;
  readonly uptimeMs: number;
  /** Is told what becomes of it; absent: it came from another process. */
  readonly arrival?: HeldArrival;
  /** By which other processes know it; absent: they do not. */
  readonly warmKey?: string | undefined;
}

export interface HeldLimits {
  readonly bytesPerExporter: number;
  readonly bytesTotal: number;
  readonly maxAgeMicros: number;
}

/** What a held set costs beside its bytes; counted, so that many small ones are bounded as well. */
const OVERHEAD_BYTES = 512;

interface Queue<Owner extends object, Stream> {
  bytes: number;
  readonly byTemplate: Map<number, Set<HeldSet<Owner, Stream>>>;
  readonly inOrder: Set<HeldSet<Owner, Stream>>;
}

/**
 * Data whose template is not known yet. Bounded for each exporter and in all: the oldest go first, and whatever goes
 * undecoded is given to `dropped`. (A `Set` keeps the order of insertion: its first is the oldest.)
 */
export class HeldData<Owner extends object, Stream> {
  readonly #limits: HeldLimits;
  readonly #dropped: (set: HeldSet<Owner, Stream>) => void;
  readonly #queues = new Map<Owner, Queue<Owner, Stream>>();
  readonly #inOrder = new Set<HeldSet<Owner, Stream>>();
  readonly #byWarmKey = new Map<string, HeldSet<Owner, Stream>>();
  #bytes = 0;

  constructor(limits: HeldLimits, dropped: (set: HeldSet<Owner, Stream>) => void) {
    this.#limits = limits;
    this.#dropped = dropped;
  }

  /** Sets that wait now. */
  get size(): number {
    return this.#inOrder.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** One that waits already, by its warm key, is not held twice. */
  hold(set: HeldSet<Owner, Stream>): void {
    if (set.warmKey !== undefined && this.#byWarmKey.has(set.warmKey)) return;
    const queue = this.#queueOf(set.owner);
    const cost = costOf(set);
    const { bytesPerExporter, bytesTotal } = this.#limits;
    if (queue.bytes + cost > bytesPerExporter) this.#dropOldest(queue.inOrder, cost + bytesPerExporter / 10);
    if (this.#bytes + cost > bytesTotal) this.#dropOldest(this.#inOrder, cost + bytesTotal / 10);
    if (cost > Math.min(bytesPerExporter, bytesTotal)) return this.#dropped(set);
    this.#add(set);
  }

  /** Whether anything of this exporter waits for this template. */
  waits(owner: Owner, templateId: number): boolean {
    return this.#queues.get(owner)?.byTemplate.has(templateId) === true;
  }

  /** What waits for a template, oldest first. It stays until `release`. */
  waiting(owner: Owner, templateId: number): HeldSet<Owner, Stream>[] {
    return [...(this.#queues.get(owner)?.byTemplate.get(templateId) ?? [])];
  }

  /** Everything that waits, by exporter and template. */
  *keys(): Iterable<{ owner: Owner; templateId: number }> {
    for (const [owner, queue] of this.#queues) {
      for (const templateId of queue.byTemplate.keys()) yield { owner, templateId };
    }
  }

  /** Takes out a set that is decoded now. */
  release(set: HeldSet<Owner, Stream>): void {
    this.#remove(set);
  }

  /** What other processes know by this key. */
  find(warmKey: string): HeldSet<Owner, Stream> | undefined {
    return this.#byWarmKey.get(warmKey);
  }

  /** Everything that waits, oldest first. */
  all(): Iterable<HeldSet<Owner, Stream>> {
    return this.#inOrder;
  }

  /** How many sets of this exporter wait. */
  countOf(owner: Owner): number {
    return this.#queues.get(owner)?.inOrder.size ?? 0;
  }

  /** Gives up what has waited longer than `maxAgeMicros`. */
  expire(nowMicros: number): void {
    for (const set of this.#inOrder) {
      if (nowMicros - set.receivedAtMicros <= this.#limits.maxAgeMicros) break;
      this.#remove(set);
      this.#dropped(set);
    }
  }

  /** Gives up everything of an exporter that is forgotten itself. */
  dropAll(owner: Owner): void {
    this.#dropOldest(this.#queues.get(owner)?.inOrder ?? new Set(), Infinity);
  }

  /** Drops a tenth of the limit at a time: the first of a `Set` that is always emptied at its front is slow to find. */
  #dropOldest(sets: Set<HeldSet<Owner, Stream>>, wantedBytes: number): void {
    let freed = 0;
    for (const set of sets) {
      if (freed >= wantedBytes) return;
      this.#remove(set);
      this.#dropped(set);
      freed += costOf(set);
    }
  }

  #add(set: HeldSet<Owner, Stream>): void {
    const queue = this.#queueOf(set.owner);
    this.#queues.set(set.owner, queue);
    const sets = queue.byTemplate.get(set.templateId) ?? new Set();
    queue.byTemplate.set(set.templateId, sets);
    sets.add(set);
    queue.inOrder.add(set);
    this.#inOrder.add(set);
    if (set.warmKey !== undefined) this.#byWarmKey.set(set.warmKey, set);
    queue.bytes += costOf(set);
    this.#bytes += costOf(set);
  }

  #remove(set: HeldSet<Owner, Stream>): void {
    const queue = this.#queues.get(set.owner);
    if (queue === undefined || !queue.inOrder.delete(set)) return;
    this.#inOrder.delete(set);
    if (set.warmKey !== undefined) this.#byWarmKey.delete(set.warmKey);
    queue.bytes -= costOf(set);
    this.#bytes -= costOf(set);
    const sets = queue.byTemplate.get(set.templateId);
    sets?.delete(set);
    if (sets?.size === 0) queue.byTemplate.delete(set.templateId);
    if (queue.inOrder.size === 0) this.#queues.delete(set.owner);
  }

  #queueOf(owner: Owner): Queue<Owner, Stream> {
    return this.#queues.get(owner) ?? { bytes: 0, byTemplate: new Map(), inOrder: new Set() };
  }
}

function costOf(set: { readonly contents: string }): number {
  return set.contents.length + OVERHEAD_BYTES;
}
