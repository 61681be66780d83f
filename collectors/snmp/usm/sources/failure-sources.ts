/** What was refused from one address. */
export interface SourceFailures {
  readonly source: string;
  readonly total: number;
  readonly byReason: Readonly<Record<string, number>>;
  /** The user name that the latest of these messages claimed, with what cannot be printed masked. */
  readonly latestUser: string;
  /** Microseconds since the Unix epoch. */
  readonly latestAtMicros: number;
}

interface Counts {
  total: number;
  byReason: Record<string, number>;
  latestUser: string;
  latestAtMicros: number;
}

/** Counts failures by source. Bounded: the source with the fewest gives way, so that forged addresses push out each other. */
export class FailureSources {
  readonly #capacity: number;
  readonly #sources = new Map<string, Counts>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** `user`: its bytes in Latin-1, as it came. */
  count(source: string, reason: string, user: string, atMicros: number): void {
    const counts = this.#sources.get(source) ?? this.#enter(source);
    counts.total += 1;
    counts.byReason[reason] = (counts.byReason[reason] ?? 0) + 1;
    counts.latestUser = user;
    counts.latestAtMicros = atMicros;
  }

  /** Those with the most failures first. */
  top(limit: number): SourceFailures[] {
    return [...this.#sources]
      .sort(([, left], [, right]) => right.total - left.total)
      .slice(0, limit)
      .map(([source, counts]) => ({
        source,
        total: counts.total,
        byReason: { ...counts.byReason },
        latestUser: printable(counts.latestUser),
        latestAtMicros: counts.latestAtMicros,
      }));
  }

  #enter(source: string): Counts {
    if (this.#sources.size >= this.#capacity) this.#sources.delete(this.#fewest());
    const counts = { total: 0, byReason: {}, latestUser: '', latestAtMicros: 0 };
    this.#sources.set(source, counts);
    return counts;
  }

  #fewest(): string {
    let fewest = '';
    let total = Infinity;
    for (const [source, counts] of this.#sources) {
      if (counts.total >= total) continue;
      fewest = source;
      total = counts.total;
      if (total <= 1) break;
    }
    return fewest;
  }
}

function printable(latin1: string): string {
  return Buffer.from(latin1, 'latin1')
    .toString('utf8')
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?');
}
