import type { SyslogStatus } from '../console/status.ts';

/** What the maintenance process says of itself. Travels between processes: plain values. */
export interface MaintenanceReport {
  readonly search: SyslogStatus['search'];
  readonly polls: number;
  readonly pollFailures: number;
}

/** Before it has said anything. */
export const NO_MAINTENANCE: MaintenanceReport = {
  search: { partitions: 0, indexed: 0, building: undefined, unindexed: [], trouble: undefined },
  polls: 0,
  pollFailures: 0,
};
