import type { Beat, Role } from '../../role/ports.ts';

/** What a beat carries beside what the role says, for round trip and clock offset. Microseconds. */
export interface BeatTimes {
  /** The sender's wall clock when it was sent. */
  readonly wallMicros: number;
  /** The sender's monotonic clock when it was sent. */
  readonly monotonicMicros: number;
  /** `monotonicMicros` of the receiver's beat that came last; 0: none yet. */
  readonly echoMicros: number;
  /** How long ago that one came. */
  readonly heldMicros: number;
}

export interface BeatBody extends BeatTimes {
  readonly beat: Omit<Beat, 'node'>;
}

const ROLES: readonly Role[] = ['standby', 'collecting', 'active'];
const WANTS_GRANT = 1;
const SEES_DATABASE = 2;
const IS_READY = 4;
export const BEAT_BODY_BYTES = 60;

export function writeBeat(beat: Beat, times: BeatTimes): Buffer {
  const bytes = Buffer.alloc(BEAT_BODY_BYTES);
  bytes.writeUInt8(ROLES.indexOf(beat.role), 0);
  const flags =
    (beat.wantsGrant ? WANTS_GRANT : 0) | (beat.seesDatabase ? SEES_DATABASE : 0) | (beat.isReady ? IS_READY : 0);
  bytes.writeUInt8(flags, 1);
  writeNumber(bytes, beat.epoch, 4);
  writeNumber(bytes, beat.number, 12);
  writeNumber(bytes, beat.grants, 20);
  writeNumber(bytes, times.wallMicros, 28);
  writeNumber(bytes, times.monotonicMicros, 36);
  writeNumber(bytes, times.echoMicros, 44);
  writeNumber(bytes, times.heldMicros, 52);
  return bytes;
}

/** @returns undefined where the peer wrote what this layout cannot mean */
export function readBeat(bytes: Buffer): BeatBody | undefined {
  if (bytes.length !== BEAT_BODY_BYTES) return undefined;
  const role = ROLES[bytes.readUInt8(0)];
  const numbers = [4, 12, 20, 28, 36, 44, 52].map((at) => readNumber(bytes, at));
  if (role === undefined || !numbers.every(Number.isSafeInteger)) return undefined;
  const [epoch = 0, number = 0, grants = 0, wallMicros = 0, monotonicMicros = 0, echoMicros = 0, heldMicros = 0] =
    numbers;
  const flags = bytes.readUInt8(1);
  return {
    beat: {
      role,
      epoch,
      number,
      grants,
      wantsGrant: (flags & WANTS_GRANT) !== 0,
      seesDatabase: (flags & SEES_DATABASE) !== 0,
      isReady: (flags & IS_READY) !== 0,
    },
    wallMicros,
    monotonicMicros,
    echoMicros,
    heldMicros,
  };
}

/** 64 bits, of which a number of JavaScript has 53. */
export function writeNumber(into: Buffer, value: number, at: number): void {
  const whole = Math.max(0, Math.round(value));
  into.writeUInt32BE(Math.floor(whole / 2 ** 32), at);
  into.writeUInt32BE(whole % 2 ** 32, at + 4);
}

export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
