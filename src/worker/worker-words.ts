import type { SharedEngine } from '../../collectors/snmp/usm/engines/engine-identity.ts';
import type { WarmEntry } from '../../collectors/warm-state.ts';
import type { ProcessStart } from '../processes/starts.ts';
import type { ExporterReport, WorkerReport } from './worker-report.ts';

/** What a worker starts with. */
export interface WorkerStart extends ProcessStart {
  /** From 0. */
  readonly index: number;
  readonly workers: number;
  /** Datagrams that the kernel had dropped at its sockets when its predecessor reported last, in the order of the UDP listeners. */
  readonly kernelDrops: readonly number[];
  /** Our SNMP engine, one for all workers. */
  readonly engine: SharedEngine;
}

/** What the keeper says to a worker. */
export interface WorkerHears {
  readonly messages: {
    /** What another worker has learnt, before it or beside it. */
    readonly 'worker.warm': readonly WarmEntry[];
  };
  readonly requests: {
    readonly 'worker.report': { readonly body: undefined; readonly answer: WorkerReport };
    readonly 'worker.exporters': { readonly body: undefined; readonly answer: readonly ExporterReport[] };
  };
}

/** What a worker says. */
export interface WorkerSays {
  readonly messages: {
    /** Its last report, when it has stopped in order. */
    readonly 'worker.last': WorkerReport;
  };
  readonly requests: {
    /** Wants to be told what is known; answered when `worker.warm` has told it all. */
    readonly 'worker.warm-up': { readonly body: undefined; readonly answer: undefined };
    /** What it has learnt; answered when the keeper has it. */
    readonly 'worker.learnt': { readonly body: readonly WarmEntry[]; readonly answer: undefined };
  };
}
