import type { MaintenanceReport } from './maintenance-report.ts';

/** What the keeper says to the maintenance process. */
export interface MaintenanceHears {
  readonly messages: {
    /** Age of the oldest batch that waits to be written, milliseconds: while there is a backlog, it comes first. */
    readonly 'maintenance.backlog': number;
  };
  readonly requests: {
    readonly 'maintenance.report': { readonly body: undefined; readonly answer: MaintenanceReport };
  };
}

/** What it says: nothing, beside its life. */
export interface MaintenanceSays {
  readonly messages: object;
  readonly requests: object;
}
