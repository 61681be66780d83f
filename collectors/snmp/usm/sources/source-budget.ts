import { TokenBucket } from '../../../token-bucket.ts';

/** So many a second, so many at once. */
export interface Ration {
  readonly perSecond: number;
  readonly burst: number;
}

/** Sources with a bucket of their own. Who is pushed out starts with a full one again, within what is left for all. */
const MAX_SOURCES = 4096;

/** Rations what strangers can cause: by source, since most floods have one, and over all, since addresses can be forged. */
export class SourceBudget {
  readonly #each: Ration;
  readonly #overall: TokenBucket;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(each: Ration, overall: Ration) {
    this.#each = each;
    this.#overall = new TokenBucket(overall.perSecond, overall.burst);
  }

  /** `isKnown`: the source has proven who it is, so that floods of others must not use up its share. */
  take(source: string, isKnown: boolean, nowMicros: number): boolean {
    return this.#bucketOf(source).take(nowMicros, 1) && (isKnown || this.#overall.take(nowMicros, 1));
  }

  #bucketOf(source: string): TokenBucket {
    const known = this.#buckets.get(source);
    if (known !== undefined) return known;
    if (this.#buckets.size >= MAX_SOURCES) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    const bucket = new TokenBucket(this.#each.perSecond, this.#each.burst);
    this.#buckets.set(source, bucket);
    return bucket;
  }
}

/** Addresses that authentic messages came from; bounded, the oldest goes first and comes back with its next message. */
export class KnownSources {
  readonly #capacity: number;
  readonly #sources = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(source: string): boolean {
    return this.#sources.has(source);
  }

  add(source: string): void {
    if (this.#sources.has(source)) return;
    if (this.#sources.size >= this.#capacity) this.#sources.delete(this.#sources.keys().next().value ?? '');
    this.#sources.add(source);
  }
}
