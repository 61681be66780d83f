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
  /** It does not listen until it is told to. */
  readonly isGated: boolean;
}

/** When a worker may listen, in a pair. */
export interface Hearing {
  /** By the clock that all processes of a machine share, milliseconds: see `machineMs`. */
  readonly untilMs: number;
}

/** That it may begin to. */
export interface Opening extends Hearing {
  /** Who listened before: the other node, until it was gone or until it handed over and lost nothing; or this one. */
  readonly after: 'takeover' | 'handOver' | 'ourselves';
}

/** What the keeper says to a worker. */
export interface WorkerHears {
  readonly messages: {
    /** What another worker has learnt, before it or beside it. */
    readonly 'worker.warm': readonly WarmEntry[];
    /** Our SNMP engine is another from now on: that of the other node of the pair. */
    readonly 'worker.engine': SharedEngine;
    /** It may go on listening. */
    readonly 'worker.hear-until': Hearing;
  };
  readonly requests: {
    /** Opens its listeners on the sockets that were sent before. */
    readonly 'worker.listen': { readonly body: Opening; readonly answer: undefined };
    /** Closes them; answered when what they had heard is in the journal. */
    readonly 'worker.hush': { readonly body: undefined; readonly answer: undefined };
    readonly 'worker.report': { readonly body: undefined; readonly answer: WorkerReport };
    readonly 'worker.exporters': { readonly body: undefined; readonly answer: readonly ExporterReport[] };
  };
}

/** What a worker says. */
export interface WorkerSays {
  readonly messages: {
    /** Its last report, when it has stopped in order. */
    readonly 'worker.last': WorkerReport;
    /** It has heard something after its time was over, and has closed its listeners. */
    readonly 'worker.late': undefined;
  };
  readonly requests: {
    /** Wants to be told what is known; answered when `worker.warm` has told it all. */
    readonly 'worker.warm-up': { readonly body: undefined; readonly answer: undefined };
    /** What it has learnt; answered when the keeper has it. */
    readonly 'worker.learnt': { readonly body: readonly WarmEntry[]; readonly answer: undefined };
  };
}
