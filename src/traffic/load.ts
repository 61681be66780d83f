import { DogwatchError } from '../runtime/errors.ts';
import { createIpfixEncoder } from './encode-ipfix.ts';
import { createNetflow5Encoder } from './encode-netflow5.ts';
import { createNetflow9Encoder } from './encode-netflow9.ts';
import { createSflowEncoder } from './encode-sflow.ts';
import type { ExporterIdentity, FlowEncoder, PreparedDatagram } from './flow-encoder.ts';
import { FlowMix } from './flow-mix.ts';
import type { SyntheticFlow } from './flow-mix.ts';

export const LOAD_PROTOCOLS = ['v5', 'v9', 'ipfix', 'sflow'] as const;
export type LoadProtocol = (typeof LOAD_PROTOCOLS)[number];

export interface LoadOptions {
  readonly protocol: LoadProtocol;
  readonly exporters: number;
  /** Default: as many as fit into an Ethernet frame. */
  readonly recordsPerDatagram?: number | undefined;
  /** The same seed gives the same flows. Default 1. */
  readonly seed?: number;
  /** Of the flows, 0 to 1. Default 0. */
  readonly ipv6Share?: number;
  /** How often v9 and IPFIX exporters repeat their templates. Default 20,000. */
  readonly templateEveryMs?: number;
  /** 1 in N, as the exporters tell it. Default 1000. */
  readonly samplingRate?: number;
  /** Where the sequence numbers begin; default as the protocol's document says. */
  readonly firstSequence?: number;
  /** Milliseconds since the Unix epoch. Exporters appear to have booted up to some hours before. Default: now. */
  readonly startMs?: number;
}

/** One simulated exporter. */
export interface ExporterLoad {
  readonly identity: ExporterIdentity;
  /** Of the first datagram, of the one that `next` gave last, and what the next one will carry; modulo 2^32. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly nextSequence: number;
  /** Datagrams that can be in flight at once: `next` returns the same memory again after that many. */
  readonly prepared: number;
  /** The next datagram with its sequence number and times in place; templates when they are due. */
  next(nowMs: number): PreparedDatagram;
}

export interface Load {
  readonly exporters: readonly ExporterLoad[];
  /** Copies of the next `count` datagrams, exporters in turn, with what they hold in sum. For benchmarks. */
  take(count: number, nowMs: number): { datagrams: readonly Buffer[]; totals: LoadTotals };
}

export interface LoadTotals {
  datagrams: number;
  /** Of UDP payload. */
  payloadBytes: number;
  records: number;
  optionRecords: number;
  templates: number;
  octets: number;
  packets: number;
}

// Ethernet's 1500 bytes less an IPv4 header with some options and UDP's; 30 records of v5 are 1464.
const DEFAULT_PAYLOAD_BYTES = 1464;
const MAX_PAYLOAD_BYTES = 65_507;
// Enough distinct datagrams for variety, and for what may wait in a socket at once.
const PREPARED_DATAGRAMS = 512;
const MIN_PREPARED_PER_EXPORTER = 8;

const ENCODERS: Record<LoadProtocol, (exporter: ExporterIdentity) => FlowEncoder> = {
  v5: createNetflow5Encoder,
  v9: createNetflow9Encoder,
  ipfix: createIpfixEncoder,
  sflow: createSflowEncoder,
};

/**
 * Prepares exporters and their datagrams: everything that costs time is done here, so that sending only patches
 * sequence numbers and times.
 * @throws DogwatchError `USAGE` where the protocol cannot carry what was asked
 */
export function createLoad(options: LoadOptions): Load {
  refuseTheImpossible(options);
  const mix = new FlowMix({ seed: options.seed ?? 1, ipv6Share: options.ipv6Share ?? 0 });
  const exporters = Array.from({ length: options.exporters }, (_, index) => new SimulatedExporter(options, mix, index));
  return { exporters, take: (count, nowMs) => take(exporters, count, nowMs) };
}

export function emptyTotals(): LoadTotals {
  return { datagrams: 0, payloadBytes: 0, records: 0, optionRecords: 0, templates: 0, octets: 0, packets: 0 };
}

export function addTo(totals: LoadTotals, datagram: PreparedDatagram): void {
  totals.datagrams += 1;
  totals.payloadBytes += datagram.bytes.length;
  totals.records += datagram.records;
  totals.optionRecords += datagram.optionRecords;
  totals.templates += datagram.templates;
  totals.octets += datagram.octets;
  totals.packets += datagram.packets;
}

class SimulatedExporter implements ExporterLoad {
  readonly identity: ExporterIdentity;
  readonly firstSequence: number;
  lastSequence: number;
  readonly #encoder: FlowEncoder;
  readonly #ring: readonly PreparedDatagram[];
  readonly #templates: PreparedDatagram | undefined;
  readonly #templateEveryMs: number;
  #nextSequence: number;
  #nextIndex = 0;
  #templatesSentAtMs = -Infinity;

  constructor(options: LoadOptions, mix: FlowMix, index: number) {
    this.identity = {
      observationDomain: index + 1,
      agentAddress: agentAddress(index),
      samplingRate: options.samplingRate ?? 1000,
      bootedAtMs: (options.startMs ?? Date.now()) - 3_600_000 - index * 60_000,
    };
    this.#encoder = ENCODERS[options.protocol](this.identity);
    this.firstSequence = options.firstSequence ?? this.#encoder.firstSequence;
    this.lastSequence = this.firstSequence;
    this.#nextSequence = this.firstSequence;
    this.#templates = this.#encoder.encodeTemplates();
    this.#templateEveryMs = options.templateEveryMs ?? 20_000;
    const count = Math.max(MIN_PREPARED_PER_EXPORTER, Math.ceil(PREPARED_DATAGRAMS / options.exporters));
    this.#ring = Array.from({ length: count }, () => this.#encoder.encode(fill(this.#encoder, mix, options)));
  }

  get nextSequence(): number {
    return this.#nextSequence;
  }

  get prepared(): number {
    return this.#ring.length;
  }

  next(nowMs: number): PreparedDatagram {
    const datagram = this.#choose(nowMs);
    datagram.stamp(this.#nextSequence, nowMs);
    this.lastSequence = this.#nextSequence;
    this.#nextSequence = (this.#nextSequence + this.#encoder.sequenceStep(datagram)) >>> 0;
    return datagram;
  }

  #choose(nowMs: number): PreparedDatagram {
    if (this.#templates !== undefined && nowMs - this.#templatesSentAtMs >= this.#templateEveryMs) {
      this.#templatesSentAtMs = nowMs;
      return this.#templates;
    }
    const datagram = this.#ring[this.#nextIndex];
    if (datagram === undefined) throw new Error('an exporter without datagrams');
    this.#nextIndex = (this.#nextIndex + 1) % this.#ring.length;
    return datagram;
  }
}

/** 198.18.0.0/15 is set apart for benchmarks (RFC 2544). */
function agentAddress(index: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(0xc6_12_00_00 + index + 1);
  return bytes;
}

function fill(encoder: FlowEncoder, mix: FlowMix, options: LoadOptions): SyntheticFlow[] {
  const flows: SyntheticFlow[] = [];
  const wanted = Math.min(options.recordsPerDatagram ?? Infinity, encoder.maxRecords);
  const room = options.recordsPerDatagram === undefined ? DEFAULT_PAYLOAD_BYTES : MAX_PAYLOAD_BYTES;
  let bytes = encoder.overheadBytes;
  while (flows.length < wanted) {
    const flow = mix.next();
    bytes += encoder.recordBytes(flow);
    if (bytes > room) break;
    flows.push(flow);
  }
  return flows;
}

function take(exporters: readonly ExporterLoad[], count: number, nowMs: number) {
  const totals = emptyTotals();
  const datagrams: Buffer[] = [];
  while (datagrams.length < count) {
    const exporter = exporters[datagrams.length % exporters.length];
    if (exporter === undefined) break;
    const datagram = exporter.next(nowMs);
    addTo(totals, datagram);
    datagrams.push(Buffer.from(datagram.bytes));
  }
  return { datagrams, totals };
}

function refuseTheImpossible({ protocol, exporters, recordsPerDatagram, ipv6Share, samplingRate }: LoadOptions): void {
  const refuse = (message: string) => {
    throw new DogwatchError('USAGE', message);
  };
  if (protocol === 'v5' && (ipv6Share ?? 0) > 0)
    refuse('NetFlow v5 carries IPv4 only: --ipv6 needs v9, ipfix or sflow');
  if (protocol === 'v5' && (recordsPerDatagram ?? 1) > 30) refuse('a NetFlow v5 datagram holds at most 30 records');
  if (protocol === 'v5' && (samplingRate ?? 1) > 0x3f_ff)
    refuse('NetFlow v5 can tell a sampling rate of at most 16383');
  if (protocol === 'v5' && exporters > 65_535) refuse('NetFlow v5 tells at most 65535 exporters apart');
}
