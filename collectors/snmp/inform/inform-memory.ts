/** Told of one copy of an inform: it is safe, or it was lost. */
export type Settled = (accepted: boolean) => void;

/** One inform, in however many copies it came. */
export interface Inform {
  readonly key: string;
  readonly receivedAtMicros: number;
  accepted: boolean;
  /** Its copies that wait until it is accepted. */
  readonly waiting: Settled[];
}

/** Each holds a response for as long as the inform waits. */
const MAX_WAITING_COPIES = 4;

/**
 * Knows informs again, so that a retransmission is answered and not stored once more. Bounded in number and in time: two
 * generations, of which the old one is forgotten as a whole when the young one is full or has reached the age.
 *
 *   arrive ─▶ new: stored ─▶ waiting ──accepted──▶ answered; each retransmission is answered at once
 *                              │ │                        └── forgotten when too old, or too many came since
 *                              │ └── a retransmission joins: both are answered when accepted
 *                              └── lost: forgotten, nobody is answered; the next retransmission is stored anew
 */
export class InformMemory {
  #young = new Map<string, Inform>();
  #old = new Map<string, Inform>();
  #youngSinceMicros = -Infinity;
  readonly #maxYoung: number;
  readonly #maxAgeMicros: number;

  /** `maxAgeMicros`: for how long after the first copy a sender may retransmit. */
  constructor(maxInforms: number, maxAgeMicros: number) {
    this.#maxYoung = Math.max(1, maxInforms >> 1);
    this.#maxAgeMicros = maxAgeMicros;
  }

  /** The inform that came before under this key. */
  find(key: string, nowMicros: number): Inform | undefined {
    const inform = this.#young.get(key) ?? this.#old.get(key);
    const isYoung = inform !== undefined && nowMicros - inform.receivedAtMicros <= this.#maxAgeMicros;
    return isYoung ? inform : undefined;
  }

  /** A new one: to be settled when it is known what became of it. */
  add(key: string, receivedAtMicros: number): Inform {
    const aged = receivedAtMicros - this.#youngSinceMicros > this.#maxAgeMicros;
    if (aged || this.#young.size >= this.#maxYoung) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSinceMicros = receivedAtMicros;
    }
    const inform: Inform = { key, receivedAtMicros, accepted: false, waiting: [] };
    this.#young.set(key, inform);
    return inform;
  }

  /** Those that are safe and not too old, oldest first. */
  *accepted(nowMicros: number): Iterable<Inform> {
    for (const informs of [this.#old, this.#young]) {
      for (const inform of informs.values())
        if (inform.accepted && nowMicros - inform.receivedAtMicros <= this.#maxAgeMicros) yield inform;
    }
  }

  /** Lets a copy wait with the inform. Of many copies only the first few: one answer is enough. */
  join(inform: Inform, settled: Settled): boolean {
    return inform.waiting.length < MAX_WAITING_COPIES && inform.waiting.push(settled) > 0;
  }

  /** Tells those that wait; one that was lost is forgotten, so that it may come again. */
  settle(inform: Inform, accepted: boolean): void {
    const waiting = inform.waiting.splice(0);
    inform.accepted = accepted;
    if (!accepted) {
      for (const informs of [this.#young, this.#old])
        if (informs.get(inform.key) === inform) informs.delete(inform.key);
    }
    for (const settled of waiting) settled(accepted);
  }
}
