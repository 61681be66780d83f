import type { FlowSinks } from '../sinks.ts';
import { CounterSampleDecoder } from './sflow-counters.ts';
import { FlowSampleDecoder } from './sflow-flow-sample.ts';
import { SflowHeader } from './sflow-header.ts';
import type { SflowExporterState, SflowResult } from './sflow-result.ts';

/** Sample formats of sflow.org (enterprise 0). */
const FLOW_SAMPLE = 1;
const COUNTER_SAMPLE = 2;
const EXPANDED_FLOW_SAMPLE = 3;
const EXPANDED_COUNTER_SAMPLE = 4;
const DISCARDED_PACKET = 5;

/**
 * Decodes sFlow version 5: flow samples and discarded packets into rows of `flows`, counter samples into rows of
 * `counter_samples`. No I/O, no state but reused memory; never throws.
 *
 * sFlow tells of packets, so a row is one packet: `packets` is 1 and flow_start = flow_end = the time of arrival, since
 * the protocol carries no clock. `bytes` is the length of the IP packet by its own header, as NetFlow counts; where
 * there is no IP header (or it claims more than the frame had) it is the length of the frame.
 */
export class SflowDecoder {
  readonly #result: SflowResult = {
    header: new SflowHeader(),
    flowSamples: 0,
    counterSamples: 0,
    dropSamples: 0,
    skippedSamples: 0,
    records: 0,
    structures: 0,
    unknownStructures: 0,
    unknownHeaders: 0,
    drops: 0,
    errors: 0,
    reason: '',
  };
  readonly #flowSamples = new FlowSampleDecoder(this.#result);
  readonly #counterSamples = new CounterSampleDecoder(this.#result);

  /** `bytes`: one datagram. `receivedAtMicros`: since the Unix epoch. */
  decode(bytes: Buffer, receivedAtMicros: number, state: SflowExporterState, sinks: FlowSinks): SflowResult {
    const result = this.#result;
    clear(result);
    if (!result.header.read(bytes)) {
      result.errors = 1;
      result.reason = 'truncated_header';
      return result;
    }
    this.#flowSamples.begin(bytes, receivedAtMicros, state, sinks.flows);
    this.#counterSamples.begin(bytes, receivedAtMicros, state, sinks.counterSamples);
    this.#decodeSamples(bytes);
    if (result.errors > 0) result.reason = 'bad_sample';
    return result;
  }

  #decodeSamples(bytes: Buffer): void {
    const { sampleCount, bodyOffset } = this.#result.header;
    let at = bodyOffset;
    let index = 0;
    for (; bytes.length - at >= 8; index += 1) {
      const format = bytes.readUInt32BE(at);
      const length = bytes.readUInt32BE(at + 4);
      const start = at + 8;
      const fits = length <= bytes.length - start;
      // The count is a hint: some agents leave old bytes behind the samples, so only what looks like one is one there.
      if (index >= sampleCount && !(fits && format >= FLOW_SAMPLE && format <= DISCARDED_PACKET)) return;
      if (!fits) this.#result.errors += 1;
      const end = fits ? start + length : bytes.length;
      this.#decodeSample(format, start, end);
      at = end;
    }
    if (index < sampleCount) this.#result.errors += 1;
  }

  #decodeSample(format: number, start: number, end: number): void {
    const result = this.#result;
    switch (format) {
      case FLOW_SAMPLE:
      case EXPANDED_FLOW_SAMPLE:
        result.flowSamples += 1;
        this.#flowSamples.decode(start, end, format === EXPANDED_FLOW_SAMPLE);
        return;
      case DISCARDED_PACKET:
        result.dropSamples += 1;
        this.#flowSamples.decodeDiscarded(start, end);
        return;
      case COUNTER_SAMPLE:
      case EXPANDED_COUNTER_SAMPLE:
        result.counterSamples += 1;
        this.#counterSamples.decode(start, end, format === EXPANDED_COUNTER_SAMPLE);
        return;
      default:
        result.skippedSamples += 1;
    }
  }
}

function clear(result: SflowResult): void {
  result.flowSamples = 0;
  result.counterSamples = 0;
  result.dropSamples = 0;
  result.skippedSamples = 0;
  result.records = 0;
  result.structures = 0;
  result.unknownStructures = 0;
  result.unknownHeaders = 0;
  result.drops = 0;
  result.errors = 0;
  result.reason = '';
}
