import { LOSSES } from '../../collectors/accounts/loss-table.ts';
import { APPLICATIONS, COUNTER_SAMPLES, EXPORTERS, FLOWS, INTERFACES } from '../../collectors/flow/tables.ts';
import { MemorySink } from './memory-sink.ts';

/** An open batch in memory for each table that the flow decoders fill. */
export function memorySinks() {
  return {
    flows: new MemorySink(FLOWS),
    counterSamples: new MemorySink(COUNTER_SAMPLES),
    interfaces: new MemorySink(INTERFACES),
    applications: new MemorySink(APPLICATIONS),
    exporters: new MemorySink(EXPORTERS),
    losses: new MemorySink(LOSSES),
  };
}
