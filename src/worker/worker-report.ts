import type { ExporterView } from '../../collectors/flow/exporter/exporter.ts';
import type { DecodeReason } from '../../collectors/flow/decode-trouble.ts';
import type {
  FlowStatus,
  JournalStatus,
  ListenerStatus,
  SharedQueueStatus,
  SnmpStatus,
  SyslogStatus,
  WriterStatus,
} from '../console/status.ts';

/** What a worker says of itself: plain values that go to the keeper, which adds up those of all workers. */
export interface WorkerReport {
  readonly listeners: readonly ListenerStatus[];
  readonly flow: FlowStatus;
  readonly syslog: Omit<SyslogStatus, 'search'>;
  readonly snmp: Omit<SnmpStatus, 'polls' | 'pollFailures'>;
  readonly journal: JournalStatus;
  readonly queue: SharedQueueStatus | undefined;
  readonly writer: WriterStatus;
  /** Why it is not ready; empty when it is. */
  readonly reasons: readonly string[];
  readonly memoryBytes: number;
}

/** One exporter as metrics show it. */
export type ExporterReport = Pick<
  ExporterView,
  | 'address'
  | 'observationDomain'
  | 'protocol'
  | 'datagrams'
  | 'records'
  | 'reordered'
  | 'duplicates'
  | 'restarts'
  | 'sampleDrops'
  | 'lost'
> & { readonly errors: ReadonlyMap<DecodeReason, number> };

/** How many exporters get series of their own: a flood of spoofed ones must not drown whoever scrapes. */
const MAX_EXPORTERS = 1000;

/** The most recently heard exporters, as plain values. */
export function exporterReports(exporters: Iterable<ExporterView>): ExporterReport[] {
  return [...exporters].slice(-MAX_EXPORTERS).map((exporter) => ({
    address: exporter.address,
    observationDomain: exporter.observationDomain,
    protocol: exporter.protocol,
    datagrams: exporter.datagrams,
    records: exporter.records,
    reordered: exporter.reordered,
    duplicates: exporter.duplicates,
    restarts: exporter.restarts,
    sampleDrops: exporter.sampleDrops,
    lost: exporter.lost,
    errors: exporter.errors,
  }));
}
