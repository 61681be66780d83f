import { inetField } from '../../collectors/ip-address.ts';
import { SAMPLING_SOURCE, type SamplingView } from '../../collectors/flow/record/record.ts';
import { SampleDropCounter } from '../../collectors/flow/sflow/sflow-drops.ts';
import { SflowDecoder } from '../../collectors/flow/sflow/sflow.ts';
import type { SflowExporterState, SflowResult } from '../../collectors/flow/sflow/sflow-result.ts';
import { memorySinks } from './flow-sinks.ts';

/** When every datagram of these tests arrives: 2026-03-01 12:00:00 UTC, microseconds. */
export const ARRIVED_AT = 1_772_366_400_000_000;

export type Row = Readonly<Record<string, unknown>>;

export function samplingView(override = 0, fallback = 0): SamplingView {
  return {
    override,
    fallback,
    fallbackSource: SAMPLING_SOURCE.configuredDefault,
    rateOfSelector: () => 0,
    rateOfInterface: () => 0,
  };
}

export function exporterState(sampling: SamplingView = samplingView()): SflowExporterState {
  return { exporterField: inetField(Buffer.from([192, 0, 2, 1])), sampling, drops: new SampleDropCounter() };
}

export interface Decoded {
  /** Of the last datagram. */
  readonly result: SflowResult;
  readonly flows: readonly Row[];
  readonly counters: readonly Row[];
}

/** Decodes datagrams of one exporter, in order, with a fresh decoder; rows without what is NULL. */
export function decodeSflow(datagrams: readonly Buffer[], state: SflowExporterState = exporterState()): Decoded {
  const decoder = new SflowDecoder();
  const sinks = memorySinks();
  const results = datagrams.map((bytes) => ({ ...decoder.decode(bytes, ARRIVED_AT, state, sinks) }));
  const result = results.at(-1);
  if (result === undefined) throw new Error('no datagram');
  return { result, flows: sinks.flows.read().map(withoutNull), counters: sinks.counterSamples.read().map(withoutNull) };
}

function withoutNull(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

/** What stands at `path` within a JSON value, or undefined. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    found =
      typeof found === 'object' && found !== null
        ? Object.entries(found).find(([name]) => name === key)?.[1]
        : undefined;
  }
  return found;
}
