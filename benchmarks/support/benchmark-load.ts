import type { LoadOptions } from '../../src/traffic/load.ts';

/** What ingest and memory are measured with: NetFlow v9, 20 fields, IPv4, twenty exporters. */
export const BENCHMARK_LOAD: LoadOptions = { protocol: 'v9', exporters: 20 };
