import type { DecodeTrouble } from '../../collectors/flow/decode-trouble.ts';
import { FlowDecoder, type FlowDecoderOptions } from '../../collectors/flow/flow-decoder.ts';
import { memorySinks } from './flow-sinks.ts';

export interface From {
  readonly address?: string;
  readonly port?: number;
  readonly localPort?: number;
  readonly atMicros?: number;
}

export const ARRIVAL_MICROS = 1_700_000_001_000_000;

/** A decoder with open batches in memory, and what it reports. */
export function startDecoding(options: FlowDecoderOptions = {}) {
  const sinks = memorySinks();
  const troubles: DecodeTrouble[] = [];
  const decoder = new FlowDecoder(options, sinks, (trouble) => troubles.push(trouble));
  return {
    sinks,
    troubles,
    decoder,
    reasons: () => troubles.map(({ reason }) => reason),
    feed: (bytes: Buffer, from: From = {}) => {
      const { address = '192.0.2.1', port = 40_000, localPort = 2055, atMicros = ARRIVAL_MICROS } = from;
      decoder.decode({ bytes, sourceAddress: address, sourcePort: port, localPort, receivedAtMicros: atMicros });
    },
    /** One column of all rows of `flows`. */
    flows: (column: string) => sinks.flows.read().map((row) => row[column]),
    exporter: (address = '192.0.2.1') => {
      const [found] = [...decoder.exporters()].filter((exporter) => exporter.address === address);
      if (found === undefined) throw new Error(`no exporter ${address}`);
      return found;
    },
  };
}
