import { StreamFraming } from './framing.ts';

/** What becomes of the bytes of one connection. Knows no socket: bytes in, messages (and answers) out. */
export interface StreamSession {
  /** Takes what was read. Never throws. @returns how many messages were completed */
  push(chunk: Buffer): number;
  /** The sender will send no more: gives out what is left of a message, where that is of use. */
  end(): void;
  /** Whether a message has begun that is not complete. */
  readonly holdsPart: boolean;
  /** False while so much waits for an answer that no more should be read. */
  readonly mayRead: boolean;
  /** Whether the sender is owed no answer. */
  readonly isSettled: boolean;
  /** The bytes that tell the sender that we are about to close; undefined where the protocol has none. */
  readonly farewell: string | undefined;
}

/** Takes one message; `bytes` may be overwritten afterwards. */
export type TakeMessage = (bytes: Buffer, cut: boolean) => void;

/**
 * A stream of messages without answers: TCP (RFC 6587) and TLS (RFC 5425). What was read cannot be refused and a sender
 * does not learn what arrived, so that a message which ends with the connection is given out, marked as cut.
 */
export class PlainSession implements StreamSession {
  readonly mayRead = true;
  readonly isSettled = true;
  readonly farewell = undefined;
  readonly #framing: StreamFraming;
  readonly #take: TakeMessage;

  constructor(maxMessageBytes: number, take: TakeMessage) {
    this.#framing = new StreamFraming(maxMessageBytes);
    this.#take = take;
  }

  get holdsPart(): boolean {
    return this.#framing.holdsPart;
  }

  push(chunk: Buffer): number {
    const frames = this.#framing.push(chunk);
    for (const frame of frames) this.#take(frame.bytes, frame.cut);
    return frames.length;
  }

  end(): void {
    for (const frame of this.#framing.end()) this.#take(frame.bytes, frame.cut);
  }
}
