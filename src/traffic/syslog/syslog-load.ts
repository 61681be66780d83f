import { SeededRandom } from '../random.ts';
import { Cast } from './dialects/cast.ts';
import { DIALECTS, SYSLOG_DIALECTS, type SyslogDialect } from './dialects/dialects.ts';
import { type Piece, PreparedMessage } from './dialects/message-text.ts';

/** Dialects and how many of a hundred messages are in each. */
export type SyslogShares = readonly (readonly [SyslogDialect, number])[];

export interface SyslogLoadOptions {
  readonly dialect: SyslogDialect | 'mix';
  /** Of a mix: of every hundred messages so many of each, whatever device they are from. Default: each device speaks another. */
  readonly shares?: SyslogShares;
  readonly devices: number;
  /** The same seed gives the same messages. Default 1. */
  readonly seed?: number;
  /** Fills shorter messages up to so many bytes. */
  readonly size?: number | undefined;
  /** Of the first message. Default 0. */
  readonly firstSequence?: number;
}

/** Messages of simulated devices, numbered through. */
export interface SyslogLoad {
  readonly devices: number;
  /** By number, as `PreparedMessage.dialect` gives it. */
  readonly dialects: readonly string[];
  readonly firstSequence: number;
  /** What the next message will carry. */
  readonly nextSequence: number;
  /**
   * The next message of a device, with number and times in place. Its memory is used again: send or copy it before the
   * next call.
   */
  next(device: number, nowMs: number): PreparedMessage;
}

// Enough distinct messages for variety, few enough to stay in the processor's cache.
const PREPARED_MESSAGES = 2048;
const MIN_PREPARED_PER_DEVICE = 4;
/** Has no divisor in common with 100: so many messages of a device meet every place of the shares. */
const STRIDE = 37;

/** Prepares devices and their messages, so that sending only writes numbers and times into place. */
export function createSyslogLoad(options: SyslogLoadOptions): SyslogLoad {
  const random = new SeededRandom(options.seed ?? 1);
  const each = Math.max(MIN_PREPARED_PER_DEVICE, Math.ceil(PREPARED_MESSAGES / options.devices));
  const rings = Array.from({ length: options.devices }, (_, device) => {
    const cast = new Cast(random, device + 1);
    return Array.from({ length: each }, (_message, index) => {
      const dialect = chooseDialect(options, device, index);
      const write = DIALECTS[SYSLOG_DIALECTS[dialect] ?? 'bsd'];
      return new PreparedMessage(write(cast), dialect, options.size);
    });
  });
  return new Messages(rings, SYSLOG_DIALECTS, options.firstSequence ?? 0);
}

/** The message of these pieces over and over, for what is given and not made up. */
export function createFixedLoad(pieces: readonly Piece[], dialect: string): SyslogLoad {
  return new Messages([[new PreparedMessage(pieces, 0)]], [dialect], 0);
}

/** `place`: 0 to 99. */
function dialectAt(shares: SyslogShares, place: number): SyslogDialect {
  let before = 0;
  for (const [dialect, share] of shares) {
    before += share;
    if (place < before) return dialect;
  }
  return 'bsd';
}

/** A device speaks one dialect, unless they are too few to play all: then they are relays, and speak each in turn. */
function chooseDialect({ dialect, devices, shares }: SyslogLoadOptions, device: number, index: number): number {
  if (dialect !== 'mix') return SYSLOG_DIALECTS.indexOf(dialect);
  if (shares !== undefined) return SYSLOG_DIALECTS.indexOf(dialectAt(shares, (index * STRIDE + device) % 100));
  return (devices < SYSLOG_DIALECTS.length ? device + index : device) % SYSLOG_DIALECTS.length;
}

class Messages implements SyslogLoad {
  readonly dialects: readonly string[];
  readonly firstSequence: number;
  nextSequence: number;
  readonly #rings: readonly (readonly PreparedMessage[])[];
  readonly #turns: Uint32Array;

  constructor(rings: readonly (readonly PreparedMessage[])[], dialects: readonly string[], firstSequence: number) {
    this.#rings = rings;
    this.#turns = new Uint32Array(rings.length);
    this.dialects = dialects;
    this.firstSequence = firstSequence;
    this.nextSequence = firstSequence;
  }

  get devices(): number {
    return this.#rings.length;
  }

  next(device: number, nowMs: number): PreparedMessage {
    const ring = this.#rings[device] ?? [];
    const turn = this.#turns[device] ?? 0;
    const message = ring[turn];
    if (message === undefined) throw new Error('a device without messages');
    this.#turns[device] = turn + 1 === ring.length ? 0 : turn + 1;
    message.stamp(this.nextSequence, nowMs);
    this.nextSequence += 1;
    return message;
  }
}
