import type { MaintenanceStatus } from './maintenance.ts';

/** What the maintenance process says of itself. Travels between processes: plain values. */
export type MaintenanceReport = MaintenanceStatus;

/** Before it has said anything. */
export const NO_MAINTENANCE: MaintenanceReport = {
  trouble: undefined,
  jobs: [],
  search: { partitions: 0, indexed: 0, building: undefined, unindexed: [], trouble: undefined },
  polling: { polls: 0, failures: 0, interfaces: 0 },
  storage: undefined,
  fold: { behindSeconds: 0, lastRunMs: 0, minutesRecomputed: 0, batchesPutOff: 0 },
};
