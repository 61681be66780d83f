import { hash } from 'node:crypto';
import type { Acceptance } from '../../acceptance.ts';
import type { Datagram } from '../../datagram.ts';
import { type Inform, InformMemory } from './inform-memory.ts';

/** Where an answer goes. */
export interface ReplyTo {
  readonly address: string;
  readonly port: number;
  /** The local port that was written to: the answer must come from it. */
  readonly localPort: number;
}

export type Reply = (bytes: Buffer, to: ReplyTo) => void;

export interface InformLimits {
  /** Informs that are known again. */
  readonly maxInforms: number;
  readonly maxAgeSeconds: number;
  /** Responses that wait until their rows are safe. Beyond that a retransmission has to fetch its answer. */
  readonly maxWaitingBytes: number;
}

/** What makes two copies the same inform, beside their source. */
export interface InformIdentity {
  /** Version, and the name of the community or engine id and user, as one string without a secret. */
  readonly sender: string;
  readonly requestId: number;
  /** The bytes of the varbinds. */
  readonly varbinds: Buffer;
}

/** A response, at hand (`size` bytes) until it is made. */
export interface PendingResponse {
  readonly size: number;
  encode(): Buffer;
}

/** Acknowledges informs when, and only when, they are safe: RFC 3416 section 4.2.7 leaves the moment to the receiver. */
export class InformDesk {
  readonly #memory: InformMemory;
  readonly #maxWaitingBytes: number;
  readonly #acceptance: Acceptance;
  readonly #reply: Reply;
  /** Is told of each inform that is safe now: another process shall know it again. */
  onAccepted: ((key: Buffer, receivedAtMicros: number) => void) | undefined;
  /** Held by responses that wait. */
  waitingBytes = 0;
  acknowledged = 0;
  retransmissions = 0;
  /** Rows that were lost at the queue's bound; their senders were told nothing, and come again. */
  lost = 0;

  constructor(limits: InformLimits, acceptance: Acceptance, reply: Reply) {
    this.#memory = new InformMemory(limits.maxInforms, limits.maxAgeSeconds * 1_000_000);
    this.#maxWaitingBytes = limits.maxWaitingBytes;
    this.#acceptance = acceptance;
    this.#reply = reply;
  }

  /** Knows an inform again that was stored, and perhaps answered, before this desk was opened. */
  restore(key: Buffer, receivedAtMicros: number): void {
    const known = this.#memory.find(key.toString('latin1'), receivedAtMicros);
    if (known === undefined) this.#memory.add(key.toString('latin1'), receivedAtMicros).accepted = true;
  }

  /** Those that were stored, and when they came; oldest first. */
  *accepted(nowMicros: number): Iterable<{ readonly key: Buffer; readonly receivedAtMicros: number }> {
    for (const { key, receivedAtMicros } of this.#memory.accepted(nowMicros))
      yield { key: Buffer.from(key, 'latin1'), receivedAtMicros };
  }

  /** Takes an inform: `store` is called for a new one and commits its row, with the key that it is known by. */
  take(identity: InformIdentity, datagram: Datagram, response: PendingResponse, store: (key: Buffer) => void): void {
    const { sourceAddress, sourcePort, localPort, receivedAtMicros } = datagram;
    const to = { address: sourceAddress, port: sourcePort, localPort };
    const digest = digestOf(identity, sourceAddress);
    const key = digest.toString('latin1');
    const known = this.#memory.find(key, receivedAtMicros);
    if (known !== undefined) this.retransmissions += 1;
    if (known?.accepted === true) return this.#answer(response, to);
    const inform = known ?? this.#memory.add(key, receivedAtMicros);
    this.#wait(inform, response, to);
    if (known !== undefined) return;
    store(digest);
    this.#acceptance.whenAccepted((accepted) => {
      if (accepted) this.onAccepted?.(digest, receivedAtMicros);
      else this.lost += 1;
      this.#memory.settle(inform, accepted);
    });
  }

  #wait(inform: Inform, response: PendingResponse, to: ReplyTo): void {
    const { size } = response;
    if (this.waitingBytes + size > this.#maxWaitingBytes) return;
    const joined = this.#memory.join(inform, (accepted) => {
      this.waitingBytes -= size;
      if (accepted) this.#answer(response, to);
    });
    if (joined) this.waitingBytes += size;
  }

  #answer(response: PendingResponse, to: ReplyTo): void {
    this.acknowledged += 1;
    this.#reply(response.encode(), to);
  }
}

/** Whatever a retransmission has in common with the first copy. 20 bytes. */
function digestOf({ sender, requestId, varbinds }: InformIdentity, address: string): Buffer {
  return hash('sha1', `${address} ${requestId} ${hash('sha1', varbinds)} ${sender}`, 'buffer');
}
