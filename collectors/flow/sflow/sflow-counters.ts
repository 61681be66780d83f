import {
  JSONB_VERSION,
  writeFieldCount,
  writeInt4,
  writeInt8,
  writeNull,
  writeTimestamp,
  writeUnsigned64,
} from '../../copy-format.ts';
import type { RowSink } from '../../row-sink.ts';
import { JsonObjectWriter } from '../values/json-object.ts';
import { writeJsonKey } from '../values/json-value.ts';
import { COUNTER_STRUCTURES, writeStructure } from './sflow-structures.ts';
import type { SflowExporterState, SflowResult } from './sflow-result.ts';
import { COUNTER_SAMPLES } from '../tables.ts';

/** "if_counters" (0:1): the one structure that has columns. */
const IF_COUNTERS = 1;
const IF_COUNTERS_BYTES = 88;
/** Where its fields stand, those that have columns. */
const FIELD = {
  ifIndex: 0,
  ifSpeed: 8,
  ifInOctets: 24,
  ifInUcastPkts: 32,
  ifInDiscards: 44,
  ifInErrors: 48,
  ifOutOctets: 56,
  ifOutUcastPkts: 64,
  ifOutDiscards: 76,
  ifOutErrors: 80,
};

/** A counter that the agent cannot read has all bits set. */
const UNKNOWN = 0xff_ff_ff_ff;
const MAX_INT4 = 0x7f_ff_ff_ff;
const FIXED_BYTES = 2 + COUNTER_SAMPLES.columns.length * 24;
const LENGTH_KEY = writeJsonKey('length');

/** Turns the counter samples of one datagram into rows of `counter_samples`; `counters` has every structure by name. */
export class CounterSampleDecoder {
  readonly #result: SflowResult;
  readonly #counters = new JsonObjectWriter();
  #bytes: Buffer = Buffer.alloc(0);
  #receivedAtMicros = 0;
  #state: SflowExporterState | undefined;
  #sink: RowSink | undefined;
  #ifCountersAt = -1;

  constructor(result: SflowResult) {
    this.#result = result;
  }

  /** Sets the datagram that the next samples are in. */
  begin(bytes: Buffer, receivedAtMicros: number, state: SflowExporterState, sink: RowSink): void {
    this.#bytes = bytes;
    this.#receivedAtMicros = receivedAtMicros;
    this.#state = state;
    this.#sink = sink;
  }

  /** A sample of format 2, or of 4 when `expanded`: sequence number, source, number of structures, structures. */
  decode(start: number, end: number, expanded: boolean): void {
    const body = start + (expanded ? 16 : 12);
    if (body > end) {
      this.#result.errors += 1;
      return;
    }
    const source = this.#bytes.readUInt32BE(start + 4);
    const sourceClass = expanded ? source : source >>> 24;
    const sourceIndex = expanded ? this.#bytes.readUInt32BE(start + 8) : source & 0xff_ff_ff;
    this.#counters.begin();
    this.#ifCountersAt = -1;
    this.#readRecords(body, end);
    this.#writeRow(sourceClass, sourceIndex);
  }

  #readRecords(start: number, end: number): void {
    const bytes = this.#bytes;
    let at = start;
    while (end - at >= 8) {
      const format = bytes.readUInt32BE(at);
      if (format === 0) return; // padding: no structure has this number
      const length = bytes.readUInt32BE(at + 4);
      const fits = length <= end - at - 8;
      const recordEnd = fits ? at + 8 + length : end;
      this.#result.structures += 1;
      if (!this.#readRecord(format, at + 8, recordEnd) || !fits) this.#result.errors += 1;
      at = recordEnd;
    }
  }

  /** Whether all of the structure was there. */
  #readRecord(format: number, at: number, end: number): boolean {
    const mark = this.#counters.mark();
    const structure = COUNTER_STRUCTURES.get(format);
    let whole = true;
    if (structure === undefined) this.#noteUnknown(format, end - at);
    else whole = writeStructure(this.#counters, structure, this.#bytes, at, end);
    if (format === IF_COUNTERS && end - at >= IF_COUNTERS_BYTES) this.#ifCountersAt = at;
    if (!this.#counters.full) return whole;
    this.#counters.rollback(mark);
    return false;
  }

  #noteUnknown(format: number, length: number): void {
    this.#result.unknownStructures += 1;
    this.#counters.key(writeJsonKey(`${format >>> 12}:${format & 0x0f_ff}`));
    this.#counters.openObject();
    this.#counters.key(LENGTH_KEY);
    this.#counters.integer(length);
    this.#counters.closeObject();
  }

  #writeRow(sourceClass: number, sourceIndex: number): void {
    const sink = this.#sink;
    if (sink === undefined || this.#state === undefined) return;
    const { subAgentId } = this.#result.header;
    const jsonLength = this.#counters.end();
    sink.reserve(FIXED_BYTES + 5 + jsonLength);
    const out = sink.bytes;
    let at = writeFieldCount(out, sink.position, COUNTER_SAMPLES.columns.length);
    at = writeTimestamp(out, at, this.#receivedAtMicros);
    at = this.#writeIfIndex(out, at, sourceClass, sourceIndex);
    at = this.#writeInterfaceCounters(out, at);
    at = subAgentId === 0 ? writeNull(out, at) : writeInt8(out, at, subAgentId);
    at = writeInt4(out, at, Math.min(sourceClass, MAX_INT4));
    at = writeInt8(out, at, sourceIndex);
    at += this.#state.exporterField.copy(out, at);
    at = out.writeInt32BE(jsonLength + 1, at);
    at = out.writeUInt8(JSONB_VERSION, at);
    at += this.#counters.bytes.copy(out, at, 0, jsonLength);
    sink.commit(at, 1);
  }

  /** The index in the counters themselves, else that of the source if it is an interface (class 0). */
  #writeIfIndex(out: Buffer, at: number, sourceClass: number, sourceIndex: number): number {
    if (this.#ifCountersAt >= 0)
      return writeInt8(out, at, this.#bytes.readUInt32BE(this.#ifCountersAt + FIELD.ifIndex));
    return sourceClass === 0 && sourceIndex !== 0 ? writeInt8(out, at, sourceIndex) : writeNull(out, at);
  }

  /** if_speed to out_discards, in the order of the columns. */
  #writeInterfaceCounters(out: Buffer, start: number): number {
    let at = start;
    at = this.#writeCounter64(out, at, FIELD.ifSpeed);
    at = this.#writeCounter64(out, at, FIELD.ifInOctets);
    at = this.#writeCounter64(out, at, FIELD.ifOutOctets);
    at = this.#writePackets(out, at, FIELD.ifInUcastPkts);
    at = this.#writePackets(out, at, FIELD.ifOutUcastPkts);
    at = this.#writeCounter32(out, at, FIELD.ifInErrors);
    at = this.#writeCounter32(out, at, FIELD.ifOutErrors);
    at = this.#writeCounter32(out, at, FIELD.ifInDiscards);
    return this.#writeCounter32(out, at, FIELD.ifOutDiscards);
  }

  #writeCounter64(out: Buffer, at: number, field: number): number {
    if (this.#ifCountersAt < 0) return writeNull(out, at);
    return writeUnsigned64(out, at, this.#bytes, this.#ifCountersAt + field);
  }

  #writeCounter32(out: Buffer, at: number, field: number): number {
    const value = this.#ifCountersAt < 0 ? UNKNOWN : this.#bytes.readUInt32BE(this.#ifCountersAt + field);
    return value === UNKNOWN ? writeNull(out, at) : writeInt8(out, at, value);
  }

  /** Unicast, multicast and broadcast, as far as the agent knows them. */
  #writePackets(out: Buffer, at: number, field: number): number {
    if (this.#ifCountersAt < 0) return writeNull(out, at);
    let total = -1;
    for (let kind = 0; kind < 3; kind += 1) {
      const value = this.#bytes.readUInt32BE(this.#ifCountersAt + field + kind * 4);
      if (value !== UNKNOWN) total = Math.max(total, 0) + value;
    }
    return total < 0 ? writeNull(out, at) : writeInt8(out, at, total);
  }
}
