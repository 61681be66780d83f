import { hash } from 'node:crypto';
import type { WarmEntry } from '../../collectors/warm-state.ts';

/** How much of one kind is kept. What was told longest ago goes first. */
export interface WarmLimits {
  readonly entries: number;
  /** Keys and values, and what an entry costs beside them. */
  readonly bytes: number;
  /** What was not told for so long is not in use any more; absent: it does not age. */
  readonly maxAgeMs?: number;
}

/** What is known of one kind. Two stores with the same entries have the same digest, in whatever order they came. */
export interface WarmKindStatus {
  readonly entries: number;
  readonly bytes: number;
  /** 64 bits in hexadecimal. */
  readonly digest: string;
  /** Entries that had to go for want of room. */
  readonly evictions: number;
}

interface StoredEntry {
  /**
   * One character a byte. What came in a message would hold on to all of its memory, and a buffer of its own costs several times
   * its bytes.
   */
  readonly value: string;
  /** Who told it: a worker's number. */
  readonly worker: number;
  /** The other node has it, too. */
  readonly isShared: boolean;
  readonly toldAtMs: number;
  readonly bytes: number;
  readonly digest: bigint;
}

interface StoredKind {
  readonly limits: WarmLimits;
  /** Told longest ago first. */
  readonly entries: Map<string, StoredEntry>;
  bytes: number;
  digest: bigint;
  evictions: number;
}

const HOUR_MS = 3_600_000;
const MEBIBYTE = 1 << 20;
/** Workers forget exporters after a day, and tell what is in use every six hours. */
const EXPORTER_AGE_MS = 25 * HOUR_MS;
/** Informs are retransmitted within minutes. */
const INFORM_AGE_MS = 11 * 60_000;
const ENTRY_OVERHEAD_BYTES = 200;
const MAX_KEY_LENGTH = 512;
const MAX_VALUE_BYTES = 128 * 1024;
/** Kinds of a program of another version are kept, too. */
const MAX_KINDS = 32;
const KIND = /^[a-z]+\.[a-z]+$/;

/** As many as the decoders themselves remember. */
export const WARM_LIMITS: Readonly<Record<string, WarmLimits>> = {
  'flow.template': { entries: 200_000, bytes: 64 * MEBIBYTE, maxAgeMs: EXPORTER_AGE_MS },
  'flow.sampling': { entries: 100_000, bytes: 32 * MEBIBYTE, maxAgeMs: EXPORTER_AGE_MS },
  'flow.start': { entries: 20_000, bytes: 8 * MEBIBYTE, maxAgeMs: EXPORTER_AGE_MS },
  'flow.held': { entries: 100_000, bytes: 64 * MEBIBYTE, maxAgeMs: HOUR_MS },
  'flow.sequence': { entries: 20_000, bytes: 16 * MEBIBYTE, maxAgeMs: HOUR_MS },
  'flow.element': { entries: 10_000, bytes: 4 * MEBIBYTE },
  'snmp.engine': { entries: 20_000, bytes: 8 * MEBIBYTE },
  'snmp.inform': { entries: 65_536, bytes: 24 * MEBIBYTE, maxAgeMs: INFORM_AGE_MS },
  'syslog.clock': { entries: 20_000, bytes: 8 * MEBIBYTE },
};
const OTHER_LIMITS: WarmLimits = { entries: 10_000, bytes: 4 * MEBIBYTE, maxAgeMs: EXPORTER_AGE_MS };

/** What came from the leading node goes when that says so; by itself only where it says nothing. */
const ELSEWHERE_GRACE_MS = 60_000;

/** Instead of a worker's number: of the other node, or from the database. */
export const ELSEWHERE = -1;

/** What belongs to the worker that has it, and after it to its successor: two that decode the same held data store it twice. */
export const OWNED_KINDS: ReadonlySet<string> = new Set(['flow.held']);

/**
 * The keeper's copy of what the workers' decoders learnt: it outlives a worker, and feeds its siblings, its successor and the other
 * node. Nothing is decoded here.
 *
 *   worker ──take()──▶ store ──what take() returns──▶ its siblings
 *                        ├──all()────▶ a new worker, before its first datagram
 *                        └──ownedBy()▶ who succeeds a worker, besides
 */
export class WarmStore {
  /** Grows with each entry that is taken. */
  version = 0;
  /** Entries that were none. */
  refused = 0;
  /** Called with what the workers of this node told, all kinds: for the other node, and for the database. */
  onTold: ((entries: readonly WarmEntry[]) => void) | undefined;
  /** Called with what has become too old, as entries without a value: a copy elsewhere is of another age. */
  onExpired: ((entries: readonly WarmEntry[]) => void) | undefined;
  readonly #limits: Readonly<Record<string, WarmLimits>>;
  readonly #monotonicMs: () => number;
  readonly #kinds = new Map<string, StoredKind>();

  constructor(monotonicMs: () => number, limits: Readonly<Record<string, WarmLimits>> = WARM_LIMITS) {
    this.#monotonicMs = monotonicMs;
    this.#limits = limits;
  }

  /**
   * Takes what a worker told.
   * @returns what its siblings are to be told, in order; also what is not new, since it says who has it now
   */
  take(worker: number, entries: readonly WarmEntry[]): WarmEntry[] {
    const forOthers: WarmEntry[] = [];
    for (const entry of entries) {
      if (!this.#take(worker, entry)) this.refused += 1;
      // What the other node has decoded waits here no more.
      else if (!OWNED_KINDS.has(entry.kind) || (worker === ELSEWHERE && entry.value === undefined))
        forOthers.push(entry);
    }
    if (worker !== ELSEWHERE) this.onTold?.(entries);
    return forOthers;
  }

  /**
   * Takes of what was known elsewhere (on the other node, in the database) what is not known here.
   * @returns what the workers are to be told
   */
  merge(entries: readonly WarmEntry[]): WarmEntry[] {
    return this.take(
      ELSEWHERE,
      entries.filter(({ kind, key }) => this.#kinds.get(kind)?.entries.has(key) !== true),
    );
  }

  /**
   * Forgets of a kind what is not among `keys`: the other node, which leads, has told all that there is.
   * @returns what the workers are to be told
   */
  keepOnly(name: string, keys: ReadonlySet<string>): WarmEntry[] {
    const gone: WarmEntry[] = [];
    for (const [key, stored] of this.#kinds.get(name)?.entries ?? [])
      if (!keys.has(key) && !isOursAlone(name, stored)) gone.push({ kind: name, key, value: undefined });
    return this.take(ELSEWHERE, gone);
  }

  /** All of a kind, or of all kinds; told longest ago first within each. */
  *entries(name?: string): Iterable<WarmEntry> {
    this.#expire();
    for (const [kind, { entries }] of this.#kinds)
      if (name === undefined || name === kind) for (const [key, stored] of entries) yield entryOf(kind, key, stored);
  }

  /** The other node has these now, too. */
  shared(entries: readonly WarmEntry[]): void {
    for (const { kind, key, value } of entries) {
      const known = value === undefined || !OWNED_KINDS.has(kind) ? undefined : this.#kinds.get(kind);
      const stored = known?.entries.get(key);
      if (stored !== undefined) known?.entries.set(key, { ...stored, isShared: true });
    }
  }

  /**
   * The other node is the one that listens: what workers have for themselves is its own from now on, as far as it has it.
   * @returns what the workers are to be told: they have it no more
   */
  disown(): WarmEntry[] {
    const left: WarmEntry[] = [];
    for (const name of OWNED_KINDS) {
      for (const [key, stored] of this.#kinds.get(name)?.entries ?? []) {
        if (stored.worker === ELSEWHERE || !stored.isShared) continue;
        this.#kinds.get(name)?.entries.set(key, { ...stored, worker: ELSEWHERE });
        left.push({ kind: name, key, value: undefined });
      }
    }
    return left;
  }

  /** What workers have for themselves, and the other node has not. */
  *oursAlone(): Iterable<WarmEntry> {
    for (const name of OWNED_KINDS)
      for (const [key, stored] of this.#kinds.get(name)?.entries ?? [])
        if (isOursAlone(name, stored)) yield entryOf(name, key, stored);
  }

  /**
   * What workers of another node had for themselves becomes a worker's here.
   * @returns it, to be told to that worker
   */
  inherit(worker: number): WarmEntry[] {
    for (const name of OWNED_KINDS)
      for (const [key, stored] of this.#kinds.get(name)?.entries ?? [])
        if (stored.worker === ELSEWHERE) this.#kinds.get(name)?.entries.set(key, { ...stored, worker });
    return [...this.ownedBy(worker)];
  }

  /** As it is now; without a value where it is not known. */
  find(kind: string, key: string): WarmEntry {
    const stored = this.#kinds.get(kind)?.entries.get(key);
    return stored === undefined ? { kind, key, value: undefined } : entryOf(kind, key, stored);
  }

  /** What every worker may know, told longest ago first within a kind. */
  *all(): Iterable<WarmEntry> {
    this.#expire();
    for (const [name, { entries }] of this.#kinds)
      if (!OWNED_KINDS.has(name)) for (const [key, stored] of entries) yield entryOf(name, key, stored);
  }

  /** What a worker alone had; for its successor, after `all()`. */
  *ownedBy(worker: number): Iterable<WarmEntry> {
    this.#expire();
    for (const name of OWNED_KINDS)
      for (const [key, stored] of this.#kinds.get(name)?.entries ?? [])
        if (stored.worker === worker) yield entryOf(name, key, stored);
  }

  /** By kind; to be shown, and compared with the other node's. */
  status(): Record<string, WarmKindStatus> {
    this.#expire();
    const kinds = [...this.#kinds].map(([name, { entries, bytes, digest, evictions }]): [string, WarmKindStatus] => [
      name,
      { entries: entries.size, bytes, digest: digest.toString(16).padStart(16, '0'), evictions },
    ]);
    return Object.fromEntries(kinds);
  }

  /** Whether it could be read. */
  #take(worker: number, entry: WarmEntry): boolean {
    if (!isEntry(entry)) return false;
    const kind = this.#kindOf(entry.kind);
    if (kind === undefined) return false;
    this.version += 1;
    this.#remove(kind, entry.key);
    if (entry.value === undefined) return true;
    const bytes = ENTRY_OVERHEAD_BYTES + 2 * entry.key.length + entry.value.length;
    const { buffer, byteOffset, byteLength } = entry.value;
    const value = Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
    const isShared = worker === ELSEWHERE;
    const stored = { value, worker, isShared, toldAtMs: this.#monotonicMs(), bytes, digest: digestOf(entry) };
    kind.entries.set(entry.key, stored);
    kind.bytes += bytes;
    kind.digest ^= stored.digest;
    this.#bound(kind);
    return true;
  }

  #kindOf(name: string): StoredKind | undefined {
    let kind = this.#kinds.get(name);
    if (kind === undefined && this.#kinds.size < MAX_KINDS) {
      kind = { limits: this.#limits[name] ?? OTHER_LIMITS, entries: new Map(), bytes: 0, digest: 0n, evictions: 0 };
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  #bound(kind: StoredKind): void {
    const { entries, limits } = kind;
    while (entries.size > limits.entries || kind.bytes > limits.bytes) {
      const oldest = entries.keys().next();
      if (oldest.done === true) return;
      this.#remove(kind, oldest.value);
      kind.evictions += 1;
    }
  }

  #expire(): void {
    const now = this.#monotonicMs();
    const gone: WarmEntry[] = [];
    for (const [name, kind] of this.#kinds) {
      const { maxAgeMs } = kind.limits;
      if (maxAgeMs === undefined) continue;
      for (const [key, { toldAtMs, worker }] of kind.entries) {
        if (now - toldAtMs <= maxAgeMs + (worker === ELSEWHERE ? ELSEWHERE_GRACE_MS : 0)) break;
        this.#remove(kind, key);
        gone.push({ kind: name, key, value: undefined });
      }
    }
    if (gone.length > 0) this.onExpired?.(gone);
  }

  #remove(kind: StoredKind, key: string): void {
    const stored = kind.entries.get(key);
    if (stored === undefined) return;
    kind.entries.delete(key);
    kind.bytes -= stored.bytes;
    kind.digest ^= stored.digest;
  }
}

/**
 * Entries in messages of some `maxBytes`: who takes all at once is busy for longer than a process that lives may be silent.
 */
export function* inMessages(entries: Iterable<WarmEntry>, maxBytes = MEBIBYTE): Iterable<WarmEntry[]> {
  let message: WarmEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    message.push(entry);
    bytes += ENTRY_OVERHEAD_BYTES + entry.key.length + (entry.value?.length ?? 0);
    if (bytes < maxBytes) continue;
    yield message;
    message = [];
    bytes = 0;
  }
  if (message.length > 0) yield message;
}

/** Nobody else could decode it. */
function isOursAlone(kind: string, { worker, isShared }: StoredEntry): boolean {
  return OWNED_KINDS.has(kind) && worker !== ELSEWHERE && !isShared;
}

function entryOf(kind: string, key: string, { value }: StoredEntry): WarmEntry {
  return { kind, key, value: Buffer.from(value, 'latin1') };
}

/** It came from another process: a worker with a defect must not take the keeper with it. */
function isEntry({ kind, key, value }: WarmEntry): boolean {
  if (typeof kind !== 'string' || kind.length > 64 || !KIND.test(kind)) return false;
  if (typeof key !== 'string' || key.length > MAX_KEY_LENGTH) return false;
  return value === undefined || (value instanceof Uint8Array && value.length <= MAX_VALUE_BYTES);
}

/** Lengths keep kind, key and value apart. */
function digestOf({ kind, key, value }: WarmEntry): bigint {
  const head = Buffer.from(`${kind.length} ${key.length} ${kind}${key}`);
  return hash('sha256', Buffer.concat([head, value ?? Buffer.alloc(0)]), 'buffer').readBigUInt64BE();
}
