import { directionKeys, type DirectionKeys } from '../link-keys.ts';
import { NONCE_BYTES, open, seal, TAG_BYTES } from './aead.ts';
import { BEAT_BODY_BYTES, readNumber, writeNumber } from './beat-layout.ts';
import { BEAT, ENVELOPE_BYTES, writeEnvelope } from './envelope.ts';
import type { Hello } from './hello.ts';
import { ReplayWindow } from './replay-window.ts';

const PAIR_ID_AT = ENVELOPE_BYTES;
const COUNTER_AT = PAIR_ID_AT + 4;
const CLEAR_BYTES = COUNTER_AT + 8;
export const BEAT_BYTES = CLEAR_BYTES + BEAT_BODY_BYTES + TAG_BYTES;

/** The keys that two challenges make, with what was sent and taken under them. */
export class BeatKeys {
  readonly ownChallenge: Buffer;
  /** The peer's hello that proved that it has the secret and is there now. */
  readonly peer: Hello;
  readonly window = new ReplayWindow();
  readonly #sends: DirectionKeys;
  readonly #takes: DirectionKeys;
  #counter = 0;

  constructor(secret: Buffer, ownChallenge: Buffer, peer: Hello) {
    this.ownChallenge = ownChallenge;
    this.peer = peer;
    this.#sends = directionKeys(secret, ownChallenge, peer.challenge);
    this.#takes = directionKeys(secret, peer.challenge, ownChallenge);
  }

  /** Whether a datagram says that it is of these keys; costs nothing. */
  isFor(bytes: Buffer): boolean {
    return bytes.readUInt32BE(PAIR_ID_AT) === this.#takes.pairId;
  }

  seal(body: Buffer): Buffer {
    this.#counter += 1;
    const clear = Buffer.alloc(CLEAR_BYTES);
    writeEnvelope(clear, BEAT);
    clear.writeUInt32BE(this.#sends.pairId, PAIR_ID_AT);
    writeNumber(clear, this.#counter, COUNTER_AT);
    return Buffer.concat([clear, seal(this.#sends.key, nonceOf(this.#sends, clear), clear, body)]);
  }

  /** Whether its counter may be new; costs nothing. */
  isNew(bytes: Buffer): boolean {
    return this.window.isNew(readNumber(bytes, COUNTER_AT));
  }

  /**
   * One check of the tag; takes the counter where it holds.
   * @param bytes `BEAT_BYTES` of them
   */
  open(bytes: Buffer): Buffer | undefined {
    const clear = bytes.subarray(0, CLEAR_BYTES);
    const plain = open(this.#takes.key, nonceOf(this.#takes, clear), clear, bytes.subarray(CLEAR_BYTES));
    if (plain !== undefined) this.window.take(readNumber(bytes, COUNTER_AT));
    return plain;
  }
}

function nonceOf(keys: DirectionKeys, clear: Buffer): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  keys.ivPrefix.copy(nonce);
  clear.copy(nonce, keys.ivPrefix.length, COUNTER_AT, CLEAR_BYTES);
  return nonce;
}
