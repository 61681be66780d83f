import { DogwatchError } from '../runtime/errors.ts';

/** A packet of a capture file, still with its link layer. */
export interface CapturedPacket {
  readonly timeMicros: number;
  /** LINKTYPE_ number of the tcpdump group's registry. */
  readonly linkType: number;
  readonly bytes: Buffer;
  /** Whether the capture kept less than was on the wire. */
  readonly cut: boolean;
}

interface CaptureInterface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

// Larger than any packet a capture tool writes; a length above it is damage, and must not make us buffer the file.
const MAX_PACKET_BYTES = 1 << 20;
const MAX_BLOCK_BYTES = 1 << 24;
const MAX_INTERFACES = 4096;

const PCAPNG_SECTION = 0x0a_0d_0d_0a;
const BLOCK_INTERFACE = 1;
const BLOCK_OBSOLETE_PACKET = 2;
const BLOCK_SIMPLE_PACKET = 3;
const BLOCK_ENHANCED_PACKET = 6;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;

/**
 * Takes a pcap or pcapng file apart, in pieces of any size (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).
 *
 *   start ──magic──▶ pcap | pcapng ──damage──▶ ended (`problem` says why)
 */
export class CaptureParser {
  /** Why the rest of the file could not be read. */
  problem: string | undefined;

  #pending: Buffer = Buffer.alloc(0);
  #consumed = 0; // offset of #pending in the file
  #format: 'unknown' | 'pcap' | 'pcapng' = 'unknown';
  #littleEndian = true;
  // pcap
  #linkType = 0;
  #nanoseconds = false;
  #recordHeaderBytes = 16;
  // pcapng
  #interfaces: CaptureInterface[] = [];
  #lastTimeMicros = 0;

  /**
   * The packets that `chunk` completes.
   * @throws DogwatchError `NOT_A_CAPTURE` when the file does not begin like one
   */
  *push(chunk: Buffer): Generator<CapturedPacket> {
    if (this.problem !== undefined) return;
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (this.problem === undefined) {
      const length = this.#nextLength(at);
      if (length === 0 || at + length > this.#pending.length) break;
      const packet = this.#take(this.#pending.subarray(at, at + length));
      at += length;
      if (packet !== undefined) yield packet;
    }
    this.#consumed += at;
    this.#pending = this.#pending.subarray(at);
  }

  /** The file is over: says whether it ended in the middle of something. */
  end(): void {
    if (this.problem !== undefined) return;
    if (this.#format === 'unknown') throw notACapture(this.#pending);
    if (this.#pending.length > 0) this.#stop(0, `the file ends within a packet (${this.#pending.length} bytes left)`);
  }

  #stop(at: number, message: string): 0 {
    this.problem = `${message}, at byte ${this.#consumed + at}`;
    return 0;
  }

  /** Bytes of the next header, packet or block at `at`; 0 when more bytes are needed to know. */
  #nextLength(at: number): number {
    const left = this.#pending.length - at;
    if (this.#format === 'unknown') return left < 12 ? 0 : this.#readMagic();
    if (this.#format === 'pcap') {
      if (left < this.#recordHeaderBytes) return 0;
      const captured = this.#u32(this.#pending, at + 8);
      if (captured > MAX_PACKET_BYTES) return this.#stop(at, `damaged: a packet of ${captured} bytes`);
      return this.#recordHeaderBytes + captured;
    }
    if (left < 12) return 0;
    // A section's own byte order is known only from its third word.
    if (this.#pending.readUInt32BE(at) === PCAPNG_SECTION && !this.#readByteOrder(this.#pending, at)) {
      return this.#stop(at, 'damaged: a section without byte order');
    }
    const length = this.#u32(this.#pending, at + 4);
    if (length < 12 || length % 4 !== 0 || length > MAX_BLOCK_BYTES) {
      return this.#stop(at, `damaged: a block of ${length} bytes`);
    }
    return length;
  }

  /** Sets the format; returns the length of pcap's file header, or of pcapng's first block. */
  #readMagic(): number {
    const bytes = this.#pending;
    if (bytes.readUInt32BE(0) === PCAPNG_SECTION && this.#readByteOrder(bytes, 0)) {
      this.#format = 'pcapng';
      return this.#nextLength(0);
    }
    for (const littleEndian of [true, false]) {
      const magic = littleEndian ? bytes.readUInt32LE(0) : bytes.readUInt32BE(0);
      // The third is the "modified" format of old Linux tools, with 8 more bytes for each packet.
      if (magic !== 0xa1_b2_c3_d4 && magic !== 0xa1_b2_3c_4d && magic !== 0xa1_b2_cd_34) continue;
      this.#littleEndian = littleEndian;
      this.#nanoseconds = magic === 0xa1_b2_3c_4d;
      this.#recordHeaderBytes = magic === 0xa1_b2_cd_34 ? 24 : 16;
      return 24;
    }
    throw notACapture(bytes);
  }

  #readByteOrder(bytes: Buffer, at: number): boolean {
    const little = bytes.readUInt32LE(at + 8) === 0x1a_2b_3c_4d;
    if (!little && bytes.readUInt32BE(at + 8) !== 0x1a_2b_3c_4d) return false;
    this.#littleEndian = little;
    return true;
  }

  #take(bytes: Buffer): CapturedPacket | undefined {
    if (this.#format === 'pcapng') return this.#takeBlock(bytes);
    if (this.#format === 'pcap') return this.#takeRecord(bytes);
    this.#format = 'pcap';
    this.#linkType = this.#u32(bytes, 20) & 0xff_ff; // the upper bits tell of frame check sequences
    return undefined;
  }

  #takeRecord(bytes: Buffer): CapturedPacket {
    const fraction = this.#u32(bytes, 4);
    return {
      timeMicros: this.#u32(bytes, 0) * 1_000_000 + (this.#nanoseconds ? Math.round(fraction / 1000) : fraction),
      linkType: this.#linkType,
      bytes: bytes.subarray(this.#recordHeaderBytes),
      cut: this.#u32(bytes, 12) > this.#u32(bytes, 8),
    };
  }

  #takeBlock(block: Buffer): CapturedPacket | undefined {
    const type = this.#u32(block, 0);
    if (type === PCAPNG_SECTION) this.#interfaces = [];
    else if (type === BLOCK_INTERFACE && block.length >= 20) this.#takeInterface(block);
    else if (type === BLOCK_ENHANCED_PACKET && block.length >= 32) return this.#timedPacket(block, this.#u32(block, 8));
    else if (type === BLOCK_OBSOLETE_PACKET && block.length >= 32) return this.#timedPacket(block, this.#u16(block, 8));
    else if (type === BLOCK_SIMPLE_PACKET && block.length >= 16) return this.#simplePacket(block);
    return undefined;
  }

  #takeInterface(block: Buffer): void {
    let ticksPerSecond = 1_000_000n;
    let offsetSeconds = 0n;
    for (let at = 16; at + 4 <= block.length - 4;) {
      const code = this.#u16(block, at);
      const length = this.#u16(block, at + 2);
      if (code === 0 || at + 4 + length > block.length - 4) break;
      if (code === OPTION_TIME_RESOLUTION && length >= 1) ticksPerSecond = resolution(block.readUInt8(at + 4));
      if (code === OPTION_TIME_OFFSET && length >= 8) {
        offsetSeconds = this.#littleEndian ? block.readBigInt64LE(at + 4) : block.readBigInt64BE(at + 4);
      }
      at += 4 + ((length + 3) & ~3);
    }
    if (this.#interfaces.length === MAX_INTERFACES) {
      this.#stop(0, `more than ${MAX_INTERFACES} interfaces`);
      return;
    }
    const snapLength = this.#u32(block, 12);
    this.#interfaces.push({ linkType: this.#u16(block, 8), snapLength, ticksPerSecond, offsetSeconds });
  }

  /** Enhanced Packet Block, and the obsolete Packet Block, which differs in the first word only. */
  #timedPacket(block: Buffer, interfaceId: number): CapturedPacket | undefined {
    const from = this.#interfaces[interfaceId];
    if (from === undefined) return undefined;
    const ticks = (BigInt(this.#u32(block, 12)) << 32n) | BigInt(this.#u32(block, 16));
    this.#lastTimeMicros = Number((ticks * 1_000_000n) / from.ticksPerSecond + from.offsetSeconds * 1_000_000n);
    const captured = Math.min(this.#u32(block, 20), block.length - 32);
    return this.#packet(from, block.subarray(28, 28 + captured), this.#u32(block, 24));
  }

  /** A Simple Packet Block has no time: the one before is the best there is. */
  #simplePacket(block: Buffer): CapturedPacket | undefined {
    const from = this.#interfaces[0];
    if (from === undefined) return undefined;
    const original = this.#u32(block, 8);
    const captured = Math.min(original, block.length - 16, from.snapLength === 0 ? Infinity : from.snapLength);
    return this.#packet(from, block.subarray(12, 12 + captured), original);
  }

  #packet(from: CaptureInterface, bytes: Buffer, original: number): CapturedPacket {
    return { timeMicros: this.#lastTimeMicros, linkType: from.linkType, bytes, cut: original > bytes.length };
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }
}

/** `if_tsresol`: the high bit chooses the base, 2 or 10; the rest is the negative exponent. */
function resolution(value: number): bigint {
  const exponent = BigInt(value & 0x7f);
  return value & 0x80 ? 2n ** exponent : 10n ** exponent;
}

function notACapture(bytes: Buffer): DogwatchError {
  const start = bytes.length === 0 ? 'it is empty' : `it begins with ${bytes.toString('hex', 0, 8)}`;
  return new DogwatchError('NOT_A_CAPTURE', `neither pcap nor pcapng: ${start}`);
}
