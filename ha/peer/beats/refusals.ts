/** Why a datagram changed nothing. */
export const REFUSALS = [
  /** Shorter or longer than any of its kind. */
  'badLength',
  /** Does not begin as ours do. */
  'notOurs',
  /** A beat of keys that this run has not, or no longer: of an earlier run, or made up. */
  'otherKeys',
  /** Sealed with another secret, or changed on the way. */
  'badTag',
  /** Came before, or answers what we never asked. */
  'replayed',
  /** Authenticated, of a program with another version of the link. */
  'otherVersion',
  /** Authenticated, of another node with the name of this one. */
  'sameName',
  /** Authenticated, of a node that is neither this one nor the peer. */
  'otherName',
  /** Our own hello came back. */
  'ownEcho',
  /** Authenticated, and means nothing. */
  'malformed',
  /** More in a short time than is looked into. */
  'flooded',
] as const;
export type Refusal = (typeof REFUSALS)[number];

interface Last {
  readonly atMs: number;
  readonly address: string;
  /** What the trouble is about: a name, a version. */
  readonly about: string;
}

/** What was refused, by reason; plain totals, and the last of each. */
export class Refusals {
  readonly totals: Record<Refusal, number> = {
    badLength: 0,
    notOurs: 0,
    otherKeys: 0,
    badTag: 0,
    replayed: 0,
    otherVersion: 0,
    sameName: 0,
    otherName: 0,
    ownEcho: 0,
    malformed: 0,
    flooded: 0,
  };
  readonly #last = new Map<Refusal, Last>();

  /** @returns whether it is the first for a while, and worth a line in the log */
  add(refusal: Refusal, address: string, nowMs: number, about = ''): boolean {
    this.totals[refusal] += 1;
    const before = this.#last.get(refusal);
    this.#last.set(refusal, { atMs: nowMs, address, about });
    return before === undefined || nowMs - before.atMs > TROUBLE_MS;
  }

  /** The last one of a kind, where it was a short while ago. */
  recent(refusal: Refusal, nowMs: number): Last | undefined {
    const last = this.#last.get(refusal);
    return last !== undefined && nowMs - last.atMs <= TROUBLE_MS ? last : undefined;
  }
}

/** How long a trouble is told after it was seen last. */
const TROUBLE_MS = 10_000;
