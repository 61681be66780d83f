import { randomBytes } from 'node:crypto';

import { NONCE_BYTES, open, seal, TAG_BYTES } from './aead.ts';
import { ENVELOPE_BYTES, HELLO, LINK_VERSION, readEnvelope, writeEnvelope } from './envelope.ts';

export const ID_BYTES = 16;
/** A challenge that is not there. */
export const NO_CHALLENGE = Buffer.alloc(ID_BYTES);

/** `asks`: who is there; `answers`: a challenge; `holds`: the keys that both challenges make. */
export type Stage = 'asks' | 'answers' | 'holds';
const STAGES: readonly Stage[] = ['asks', 'answers', 'holds'];

/** How a node makes itself known; sealed under a key of the secret alone. */
export interface Hello {
  /** Of the link that its sender speaks. */
  readonly version: number;
  readonly stage: Stage;
  /** Random, of this run of the sender. */
  readonly session: Buffer;
  /** Random, of this exchange of hellos. */
  readonly challenge: Buffer;
  /** The receiver's challenge that it answers; `NO_CHALLENGE` in one that asks. */
  readonly answered: Buffer;
  /** Name of the node. */
  readonly node: string;
  /** Version of the program. */
  readonly program: string;
}

const CLEAR_BYTES = ENVELOPE_BYTES + NONCE_BYTES;
const FIXED_BYTES = 1 + 3 * ID_BYTES;
const MIN_BYTES = CLEAR_BYTES + FIXED_BYTES + 2 + TAG_BYTES;
const MAX_TEXT_BYTES = 255;
/** Longer ones are not ours. */
const MAX_HELLO_BYTES = MIN_BYTES + 2 * MAX_TEXT_BYTES;

/** Nonces are random: at a few hellos a second, 2³² of them, the bound of NIST SP 800-38D (8.3), last for decades. */
export function sealHello(key: Buffer, hello: Hello): Buffer {
  const clear = Buffer.alloc(CLEAR_BYTES);
  writeEnvelope(clear, HELLO, hello.version);
  const nonce = randomBytes(NONCE_BYTES);
  nonce.copy(clear, ENVELOPE_BYTES);
  const plain = Buffer.concat([
    Buffer.from([STAGES.indexOf(hello.stage)]),
    hello.session,
    hello.challenge,
    hello.answered,
    text(hello.node),
    text(hello.program),
  ]);
  return Buffer.concat([clear, seal(key, nonce, clear, plain)]);
}

/** Whether a datagram is long and short enough for a hello. */
export function canBeHello(bytes: Buffer): boolean {
  return bytes.length >= MIN_BYTES && bytes.length <= MAX_HELLO_BYTES;
}

/**
 * @param bytes of a length that `canBeHello`
 * @returns undefined where it was not sealed with this key
 */
export function openHello(key: Buffer, bytes: Buffer): Hello | undefined {
  const clear = bytes.subarray(0, CLEAR_BYTES);
  const plain = open(key, clear.subarray(ENVELOPE_BYTES), clear, bytes.subarray(CLEAR_BYTES));
  const stage = STAGES[plain?.[0] ?? STAGES.length];
  if (plain === undefined || stage === undefined) return undefined;
  const node = readText(plain, FIXED_BYTES);
  const program = readText(plain, FIXED_BYTES + 1 + Buffer.byteLength(node ?? ''));
  if (node === undefined || program === undefined) return undefined;
  return {
    version: readEnvelope(bytes)?.version ?? LINK_VERSION,
    stage,
    session: plain.subarray(1, 1 + ID_BYTES),
    challenge: plain.subarray(1 + ID_BYTES, 1 + 2 * ID_BYTES),
    answered: plain.subarray(1 + 2 * ID_BYTES, FIXED_BYTES),
    node,
    program,
  };
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value).subarray(0, MAX_TEXT_BYTES);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function readText(bytes: Buffer, at: number): string | undefined {
  const length = bytes[at];
  if (length === undefined || at + 1 + length > bytes.length) return undefined;
  const value = bytes.toString('utf8', at + 1, at + 1 + length);
  // What is no UTF-8 would have another length when it is written again.
  return Buffer.byteLength(value) === length ? value : undefined;
}
