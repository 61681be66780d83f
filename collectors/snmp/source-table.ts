import { LossTally } from '../accounts/loss-tally.ts';
import { inetField, parseAddress, unmapped } from '../ip-address.ts';
import { TokenBucket } from '../token-bucket.ts';

/** What one sender did that is not a stored notification. */
export interface SourceView {
  readonly address: string;
  readonly unknownCommunity: number;
  readonly undecodable: number;
  /** By reason: what SNMPv3 security refused or answered with a report. */
  readonly refused: ReadonlyMap<string, number>;
}

export class Source implements SourceView {
  readonly address: string;
  /** The COPY field of the column `device`. */
  readonly field: Buffer;
  /** Rations the rows of what could not be decoded. */
  readonly rawAllowance: TokenBucket;
  readonly refused = new Map<string, number>();
  /** For the loss ledger. */
  readonly tally: LossTally;
  unknownCommunity = 0;
  undecodable = 0;

  constructor(address: string, rawAllowance: TokenBucket) {
    this.address = address;
    // A receiver that gives no address is a defect of its own; the trap is worth more.
    this.field = inetField(unmapped(parseAddress(address) ?? Buffer.alloc(4)));
    this.tally = new LossTally('snmp', this.field);
    this.rawAllowance = rawAllowance;
  }

  countRefused(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  get hasTrouble(): boolean {
    return this.unknownCommunity > 0 || this.undecodable > 0 || this.refused.size > 0;
  }
}

/**
 * Senders by address, bounded. They are in two generations: who is met moves to the young one, and when that is full the old
 * one is forgotten as a whole. A flood of addresses so costs no search for whom to forget, and of somebody who is forgotten
 * and comes again only the counts start anew.
 */
export class SourceTable {
  #young = new Map<string, Source>();
  #old = new Map<string, Source>();
  readonly #maxYoung: number;
  readonly #rawPerSecond: number;
  readonly #rawBurst: number;
  evictions = 0;
  /** Told of each source that has to go, while it still has its counts. */
  forgotten: ((source: Source) => void) | undefined;

  /** `rawPerSecond`, `rawBurst`: for each source. */
  constructor(maxSources: number, rawPerSecond: number, rawBurst: number) {
    this.#maxYoung = Math.max(1, maxSources >> 1);
    this.#rawPerSecond = rawPerSecond;
    this.#rawBurst = rawBurst;
  }

  at(address: string): Source {
    const known = this.#young.get(address);
    if (known !== undefined) return known;
    const source = this.#old.get(address) ?? new Source(address, new TokenBucket(this.#rawPerSecond, this.#rawBurst));
    this.#old.delete(address);
    if (this.#young.size >= this.#maxYoung) this.#age();
    this.#young.set(address, source);
    return source;
  }

  /** Those of whom there is something to tell. */
  *withTrouble(): Iterable<SourceView> {
    for (const sources of [this.#old, this.#young]) {
      for (const source of sources.values()) if (source.hasTrouble) yield source;
    }
  }

  *[Symbol.iterator](): IterableIterator<Source> {
    yield* this.#old.values();
    yield* this.#young.values();
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #age(): void {
    this.evictions += this.#old.size;
    if (this.forgotten !== undefined) for (const source of this.#old.values()) this.forgotten(source);
    this.#old = this.#young;
    this.#young = new Map();
  }
}
