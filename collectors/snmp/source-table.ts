import { inetField, parseAddress, unmapped } from '../flow/exporter/exporter-address.ts';
import { TokenBucket } from '../flow/netflow/token-bucket.ts';

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
  unknownCommunity = 0;
  undecodable = 0;

  constructor(address: string, rawAllowance: TokenBucket) {
    this.address = address;
    // A receiver that gives no address is a defect of its own; the trap is worth more.
    this.field = inetField(unmapped(parseAddress(address) ?? Buffer.alloc(4)));
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
 * Senders by address, bounded. The one that was met first goes first; who still sends is met again at once, and only what
 * was counted of him starts anew.
 */
export class SourceTable {
  readonly #sources = new Map<string, Source>();
  readonly #maxSources: number;
  readonly #rawPerSecond: number;
  readonly #rawBurst: number;
  evictions = 0;

  /** `rawPerSecond`, `rawBurst`: for each source. */
  constructor(maxSources: number, rawPerSecond: number, rawBurst: number) {
    this.#maxSources = maxSources;
    this.#rawPerSecond = rawPerSecond;
    this.#rawBurst = rawBurst;
  }

  at(address: string): Source {
    const known = this.#sources.get(address);
    if (known !== undefined) return known;
    if (this.#sources.size >= this.#maxSources) this.#forgetFirst();
    const source = new Source(address, new TokenBucket(this.#rawPerSecond, this.#rawBurst));
    this.#sources.set(address, source);
    return source;
  }

  /** Those of whom there is something to tell. */
  *withTrouble(): Iterable<SourceView> {
    for (const source of this.#sources.values()) if (source.hasTrouble) yield source;
  }

  get size(): number {
    return this.#sources.size;
  }

  #forgetFirst(): void {
    const [first] = this.#sources.keys();
    if (first !== undefined && this.#sources.delete(first)) this.evictions += 1;
  }
}
