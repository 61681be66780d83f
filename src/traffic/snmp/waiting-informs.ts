import type { Envelope } from './envelope/envelope.ts';

/** An inform that was sent and is not answered yet. */
interface WaitingInform {
  readonly requestId: number;
  readonly outlet: number;
  readonly envelope: Envelope;
  /** A copy of what the envelope is put around. */
  readonly prepared: Buffer;
  dueAtMs: number;
  tries: number;
}

export interface InformCounts {
  acknowledged: number;
  /** Answered with an error-status, or a report that leaves no hope. */
  refused: number;
  /** Given up after the last try. */
  unanswered: number;
  /** Sent once more. */
  resent: number;
  /** Answers to nothing that waits: copies, or strangers. */
  stray: number;
  /** What the receiver's reports said, by counter. */
  readonly reports: Record<string, number>;
}

export interface InformPatience {
  /** How often an inform is sent again. */
  readonly retries: number;
  readonly timeoutMs: number;
  /** Informs that wait at a time. */
  readonly window: number;
}

/**
 * Informs under way: sent ──answer──▶ acknowledged or refused
 *                           │ ──timeout──▶ sent again, `retries` times, ──▶ unanswered
 *                           │ ──notInTimeWindows──▶ sent again at once, with the receiver's time
 *                           └ ──another report──▶ refused
 */
export class WaitingInforms {
  readonly counts: InformCounts = { acknowledged: 0, refused: 0, unanswered: 0, resent: 0, stray: 0, reports: {} };
  readonly #patience: InformPatience;
  readonly #send: (outlet: number, message: Buffer) => boolean;
  /** In the order in which they are due. */
  readonly #waiting = new Map<number, WaitingInform>();

  /** `send` says whether the outlet took it; if not, the next timeout is the next try. */
  constructor(patience: InformPatience, send: (outlet: number, message: Buffer) => boolean) {
    this.#patience = patience;
    this.#send = send;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#patience.window;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** Remembers an inform that is being sent. */
  add(requestId: number, outlet: number, envelope: Envelope, prepared: Buffer, nowMs: number): void {
    const dueAtMs = nowMs + this.#patience.timeoutMs;
    this.#waiting.set(requestId, {
      requestId,
      outlet,
      envelope,
      prepared: Buffer.from(prepared),
      dueAtMs,
      tries: 1,
    });
  }

  /** Takes what a receiver sent. */
  answer(envelope: Envelope, bytes: Buffer, nowMs: number): void {
    const answer = envelope.open(bytes, nowMs);
    if (answer?.kind === 'report') {
      this.counts.reports[answer.counter] = (this.counts.reports[answer.counter] ?? 0) + 1;
      const inform = this.#waiting.get(answer.messageId);
      if (inform === undefined) this.counts.stray += 1;
      else if (answer.counter === 'notInTimeWindows') this.#again(inform, nowMs);
      else if (answer.counter !== 'unknownEngineIDs') this.#refuse(inform);
      return;
    }
    if (answer === undefined || !this.#waiting.delete(answer.requestId)) this.counts.stray += 1;
    else if (answer.errorStatus === 0) this.counts.acknowledged += 1;
    else this.counts.refused += 1;
  }

  /** Sends again, or gives up, what has waited too long. */
  expire(nowMs: number): void {
    for (const inform of this.#waiting.values()) {
      if (inform.dueAtMs > nowMs) return;
      this.#again(inform, nowMs);
    }
  }

  /** Nobody waits any longer. */
  giveUp(): void {
    this.counts.unanswered += this.#waiting.size;
    this.#waiting.clear();
  }

  /** The same again would get the same answer. */
  #refuse({ requestId }: WaitingInform): void {
    this.#waiting.delete(requestId);
    this.counts.refused += 1;
  }

  #again(inform: WaitingInform, nowMs: number): void {
    this.#waiting.delete(inform.requestId);
    if (inform.tries > this.#patience.retries) {
      this.counts.unanswered += 1;
      return;
    }
    inform.tries += 1;
    inform.dueAtMs = nowMs + this.#patience.timeoutMs;
    this.#waiting.set(inform.requestId, inform);
    const message = inform.envelope.seal(inform.prepared, inform.requestId, nowMs);
    if (this.#send(inform.outlet, message)) this.counts.resent += 1;
  }
}
