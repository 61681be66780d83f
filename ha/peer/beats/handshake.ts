import { randomBytes } from 'node:crypto';

import { BeatKeys } from './beat-keys.ts';
import { type Hello, ID_BYTES, NO_CHALLENGE, type Stage } from './hello.ts';

/** What a hello says of the exchange; who says it is added by the sender. */
export interface Greeting {
  readonly stage: Stage;
  readonly challenge: Buffer;
  readonly answered: Buffer;
}

/** What a hello of the peer has led to, and what it is to be told at once. */
export interface Heard {
  /** `proven`: the peer is there now, and has new keys; `asked`; `repeated`: known already; `replayed`: answers no challenge of ours. */
  readonly outcome: 'proven' | 'asked' | 'repeated' | 'replayed';
  readonly reply?: Greeting;
}

/** So often keys are told to a peer that does not confirm them. */
const MAX_UNCONFIRMED = 2;

/**
 * Agrees on keys. Each side makes a challenge, random and used once; a hello that answers ours was made after it, by somebody who has
 * the secret. So what was recorded earlier changes nothing, in this run of a keeper or any other. As seen by the one that asks:
 *
 *   none ──asks──▶ asked ──answer to our challenge──▶ next (we say `holds`) ──`holds`, or a beat under it──▶ current
 *                    ▲                                                                                        │
 *                    └───────────────────────── silence: current stays, and we ask anew ◀─────────────────────┘
 *
 * The one that is asked keeps nothing but its challenge, and comes to `current` with the `holds` of the other. Keys that came before,
 * of the same run of the peer, are still good for taking: beats under them may be on their way.
 */
export class Handshake {
  /** Both sides have them. */
  current: BeatKeys | undefined;
  /** We have them, and whether the peer does is not known yet. */
  next: BeatKeys | undefined;
  #previous: BeatKeys | undefined;
  #challenge: Buffer | undefined;
  /** How often we have said that we hold `next`. */
  #unconfirmed = 0;
  readonly #secret: Buffer;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** Keys to seal with. */
  get sending(): BeatKeys | undefined {
    return this.current ?? this.next;
  }

  /** Keys that a datagram says it is sealed with. */
  find(bytes: Buffer): BeatKeys | undefined {
    return [this.current, this.next, this.#previous].find((keys) => keys?.isFor(bytes));
  }

  /** What to say while the peer is not heard; called a few times a second. */
  greet(): Greeting {
    // Hellos that crossed may leave each side with keys that the other has not: then ask anew.
    if (this.#unconfirmed >= MAX_UNCONFIRMED) this.next = undefined;
    if (this.next !== undefined) {
      this.#unconfirmed += 1;
      return holds(this.next);
    }
    return { stage: 'asks', challenge: this.#ownChallenge(), answered: NO_CHALLENGE };
  }

  hear(hello: Hello): Heard {
    if (hello.stage === 'asks') return { outcome: 'asked', reply: this.#answer(hello) };
    if (this.#challenge !== undefined && hello.answered.equals(this.#challenge)) return this.#prove(hello);
    if (isOf(this.next, hello)) {
      if (hello.stage === 'holds') this.#promote();
      return { outcome: 'repeated' };
    }
    return { outcome: isOf(this.current, hello) ? 'repeated' : 'replayed' };
  }

  /** To be told of each beat, with the keys that it was opened with: the peer has them. */
  confirm(keys: BeatKeys): void {
    if (keys === this.next) this.#promote();
  }

  #answer(hello: Hello): Greeting {
    // A peer that still asks what we have answered did not hear us.
    if (this.next?.peer.challenge.equals(hello.challenge)) return holds(this.next);
    return { stage: 'answers', challenge: this.#ownChallenge(), answered: hello.challenge };
  }

  #prove(hello: Hello): Heard {
    const keys = new BeatKeys(this.#secret, this.#ownChallenge(), hello);
    this.#challenge = undefined;
    this.next = keys;
    this.#unconfirmed = 0;
    // Another run is there: the one before is not, and what it sent is of no use any more.
    if (this.current?.peer.session.equals(hello.session) === false) this.current = this.#previous = undefined;
    if (hello.stage === 'holds') this.#promote();
    return { outcome: 'proven', reply: holds(keys) };
  }

  #promote(): void {
    this.#previous = this.current;
    this.current = this.next;
    this.next = undefined;
  }

  #ownChallenge(): Buffer {
    this.#challenge ??= randomBytes(ID_BYTES);
    return this.#challenge;
  }
}

function holds(keys: BeatKeys): Greeting {
  return { stage: 'holds', challenge: keys.ownChallenge, answered: keys.peer.challenge };
}

function isOf(keys: BeatKeys | undefined, hello: Hello): boolean {
  return keys !== undefined && hello.answered.equals(keys.ownChallenge) && hello.challenge.equals(keys.peer.challenge);
}
