import type { RowSink } from '../../row-sink.ts';
import { JsonObjectWriter } from '../values/json-object.ts';
import { writeJsonKey } from '../values/json-value.ts';
import { SampledFlow } from './sampled-flow.ts';
import { FlowRecordReader } from './sflow-flow-records.ts';
import { writeFlowRow } from './sflow-flow-row.ts';
import { DROP_REASONS } from './sflow-structures.ts';
import type { SflowExporterState, SflowResult } from './sflow-result.ts';

/** Bytes before the structures: sFlow version 5, "flow_sample", "flow_sample_expanded"; sflow_drops.txt. */
const FLOW_SAMPLE_BYTES = 32;
const EXPANDED_FLOW_SAMPLE_BYTES = 44;
const DISCARDED_PACKET_BYTES = 32;

/** The two high bits of an interface in a flow sample ("interface_expanded" has them as a field of their own). */
const FORMAT_IF_INDEX = 0;
const FORMAT_DISCARDED = 1;
const FORMAT_MULTIPLE = 2;
/** Stands for the device itself: the packet ends or starts there. */
const INTERNAL = 0x3f_ff_ff_ff;

/** IPFIX forwardingStatus (IE 89): dropped, for a reason that the lower bits do not say. */
const DROPPED = 128;

const KEY = {
  forwardingStatus: writeJsonKey('forwardingStatus'),
  dropReason: writeJsonKey('drop_reason'),
  droppedOctets: writeJsonKey('droppedOctetDeltaCount'),
  droppedPackets: writeJsonKey('droppedPacketDeltaCount'),
  outputInterfaces: writeJsonKey('output_interfaces'),
  dataSource: writeJsonKey('sFlowDataSource'),
  class: writeJsonKey('ds_class'),
  index: writeJsonKey('ds_index'),
};

/**
 * Turns flow samples and discarded packets of one datagram into rows of `flows`. What has no column goes into `extra`:
 * by the IANA element's name where there is one, else by the names of the sFlow structure. TTL and IPv6 flow label are
 * left out, since they would make every row longer for little.
 */
export class FlowSampleDecoder {
  readonly #result: SflowResult;
  readonly #flow = new SampledFlow();
  readonly #extra = new JsonObjectWriter();
  readonly #records: FlowRecordReader;
  #bytes: Buffer = Buffer.alloc(0);
  #receivedAtMicros = 0;
  #state: SflowExporterState | undefined;
  #sink: RowSink | undefined;

  constructor(result: SflowResult) {
    this.#result = result;
    this.#records = new FlowRecordReader(this.#flow, this.#extra, result);
  }

  /** Sets the datagram that the next samples are in. */
  begin(bytes: Buffer, receivedAtMicros: number, state: SflowExporterState, sink: RowSink): void {
    this.#bytes = bytes;
    this.#receivedAtMicros = receivedAtMicros;
    this.#state = state;
    this.#sink = sink;
  }

  /** A sample of format 1, or of 3 when `expanded`, between `start` and `end`. */
  decode(start: number, end: number, expanded: boolean): void {
    const bytes = this.#bytes;
    const body = start + (expanded ? EXPANDED_FLOW_SAMPLE_BYTES : FLOW_SAMPLE_BYTES);
    if (!this.#open(body, end)) return;
    // sequence number, source, rate, pool, drops, input, output, number of structures
    const rateAt = start + (expanded ? 12 : 8);
    const inputAt = rateAt + 12;
    this.#flow.samplingRate = bytes.readUInt32BE(rateAt);
    if (expanded) {
      this.#setInput(bytes.readUInt32BE(inputAt), bytes.readUInt32BE(inputAt + 4));
      this.#setOutput(bytes.readUInt32BE(inputAt + 8), bytes.readUInt32BE(inputAt + 12));
    } else {
      const input = bytes.readUInt32BE(inputAt);
      const output = bytes.readUInt32BE(inputAt + 4);
      this.#setInput(input >>> 30, input & 0x3f_ff_ff_ff);
      this.#setOutput(output >>> 30, output & 0x3f_ff_ff_ff);
    }
    const source = bytes.readUInt32BE(start + 4);
    const sourceClass = expanded ? source : source >>> 24;
    const sourceIndex = expanded ? bytes.readUInt32BE(start + 8) : source & 0xff_ff_ff;
    this.#setSource(sourceClass, sourceIndex);
    this.#result.drops += this.#state?.drops?.observe(sourceClass, sourceIndex, bytes.readUInt32BE(rateAt + 8)) ?? 0;
    this.#finish(body, end, false);
  }

  /** A discarded packet (format 5). What it held is counted in `extra` alone (IE 132 and 133): it went nowhere. */
  decodeDiscarded(start: number, end: number): void {
    const bytes = this.#bytes;
    const body = start + DISCARDED_PACKET_BYTES;
    if (!this.#open(body, end)) return;
    // sequence number, source class and index, drops, input, output, reason, number of structures
    this.#setInput(FORMAT_IF_INDEX, bytes.readUInt32BE(start + 16));
    this.#setOutput(FORMAT_IF_INDEX, bytes.readUInt32BE(start + 20));
    this.#setSource(bytes.readUInt32BE(start + 4), bytes.readUInt32BE(start + 8));
    this.#setDropped(bytes.readUInt32BE(start + 24));
    this.#finish(body, end, true);
  }

  #open(body: number, end: number): boolean {
    if (body > end) {
      this.#result.errors += 1;
      return false;
    }
    this.#flow.reset();
    this.#extra.begin();
    return true;
  }

  #finish(body: number, end: number, discarded: boolean): void {
    this.#records.read(this.#bytes, body, end);
    if (this.#state === undefined || this.#sink === undefined) return;
    const { subAgentId } = this.#result.header;
    if (discarded) this.#setDroppedCounts();
    writeFlowRow(
      this.#flow,
      this.#extra,
      this.#bytes,
      this.#receivedAtMicros,
      subAgentId,
      this.#state,
      discarded,
      this.#sink,
    );
    this.#result.records += 1;
  }

  #setInput(format: number, value: number): void {
    if (format === FORMAT_IF_INDEX && value !== INTERNAL && value !== 0) this.#flow.inIf = value;
  }

  #setOutput(format: number, value: number): void {
    if (format === FORMAT_IF_INDEX && value !== INTERNAL && value !== 0) this.#flow.outIf = value;
    else if (format === FORMAT_DISCARDED) this.#setDropped(value);
    else if (format === FORMAT_MULTIPLE) {
      this.#extra.key(KEY.outputInterfaces); // 0: more than one, the agent does not know how many
      this.#extra.integer(value);
    }
  }

  #setDropped(reason: number): void {
    const name = DROP_REASONS.get(reason);
    this.#extra.key(KEY.forwardingStatus);
    this.#extra.integer(DROPPED);
    this.#extra.key(KEY.dropReason);
    if (name === undefined) this.#extra.integer(reason);
    else this.#extra.text(name);
  }

  #setDroppedCounts(): void {
    if (this.#flow.octets >= 0) {
      this.#extra.key(KEY.droppedOctets);
      this.#extra.integer(this.#flow.octets);
    }
    this.#extra.key(KEY.droppedPackets);
    this.#extra.integer(1);
  }

  // A source that is one of both interfaces says which way the packet went when it was sampled.
  #setSource(sourceClass: number, sourceIndex: number): void {
    const { inIf, outIf } = this.#flow;
    const isIn = sourceClass === 0 && sourceIndex === inIf;
    const isOut = sourceClass === 0 && sourceIndex === outIf;
    if (isIn !== isOut) this.#flow.direction = isIn ? 0 : 1;
    if (isIn || isOut) return;
    this.#extra.key(KEY.dataSource);
    this.#extra.openObject();
    this.#extra.key(KEY.class);
    this.#extra.integer(sourceClass);
    this.#extra.key(KEY.index);
    this.#extra.integer(sourceIndex);
    this.#extra.closeObject();
  }
}
