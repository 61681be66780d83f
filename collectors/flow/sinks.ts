import type { RowSink } from '../row-sink.ts';

/** The open batches that the flow decoders fill. */
export interface FlowSinks {
  readonly flows: RowSink;
  readonly counterSamples: RowSink;
  readonly interfaces: RowSink;
  readonly applications: RowSink;
  readonly exporters: RowSink;
  readonly losses: RowSink;
}
