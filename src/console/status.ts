import type { PairStatus } from '../pair/pair-status.ts';
import type { AlarmStatus } from '../alarms/alarm.ts';
import type { JobStatus } from '../maintenance/job-run.ts';
import type { StorageStatus } from './status/storage-status.ts';

/** What a running collector says of itself: `GET /api/status`, the status line, `dogwatch status`. Totals since start. */
export interface CollectorStatus {
  readonly node: string;
  readonly version: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly ready: boolean;
  /** Why it is not ready; empty when it is. */
  readonly reasons: readonly string[];
  /** What should be looked at before it becomes a reason. */
  readonly warnings: readonly string[];
  /** Troubles that have lasted: each is an event when it begins and when it is over. The oldest first. */
  readonly alarms: readonly AlarmStatus[];
  readonly listeners: readonly ListenerStatus[];
  readonly flow: FlowStatus;
  readonly syslog: SyslogStatus;
  readonly snmp: SnmpStatus;
  readonly journal: JournalStatus;
  /** The queue on Redis, where that is it. */
  readonly queue: SharedQueueStatus | undefined;
  readonly writer: WriterStatus;
  readonly database: { readonly description: string; readonly psql: string | undefined };
  readonly processes: readonly ProcessStatus[];
  /** Of a node that is one of a pair. */
  readonly pair?: PairStatus;
  /** Undefined where the run before this one ended in order, or there was none. */
  readonly earlierRun: EarlierRun | undefined;
  /** Undefined until it was looked at. */
  readonly storage: StorageStatus | undefined;
  readonly jobs: readonly JobStatus[];
}

/** A run that ended without notice: its keeper was killed, or its machine went down. ISO 8601. */
export interface EarlierRun {
  readonly startedAt: string;
  /** When it was known to be at work, some ten seconds before its end at most. */
  readonly seenAt: string;
}

/** A process that the keeper watches, and the keeper itself. */
export interface ProcessStatus {
  /** `keeper`, `worker 1`, `spare worker`, `console`, `maintenance`. */
  readonly name: string;
  /** Undefined while it is not there. */
  readonly pid: number | undefined;
  readonly state: 'starting' | 'running' | 'stopped';
  /** How often it had to be started again. */
  readonly restarts: number;
  /** Resident memory, bytes, as it said last. */
  readonly memoryBytes: number;
  /** Why it does not keep running. */
  readonly trouble: string | undefined;
}

export type ListenerStatus = DatagramListenerStatus | StreamListenerStatus;

interface ListenerPlace {
  readonly family: string;
  readonly address: string;
  readonly port: number;
  readonly bytes: number;
}

export interface DatagramListenerStatus extends ListenerPlace {
  readonly transport: 'udp';
  /** What the kernel granted, and what the configuration asks for. */
  readonly receiveBufferBytes: number;
  readonly wantedReceiveBufferBytes: number;
  readonly datagrams: number;
  /** Datagrams from senders outside the allow-list. */
  readonly refused: number;
  /** Datagrams that the kernel dropped at this socket, for want of room in the receive buffer. */
  readonly kernelDrops: number;
}

export interface StreamListenerStatus extends ListenerPlace {
  readonly transport: 'tcp' | 'tls' | 'relp';
  readonly messages: number;
  /** Connections open now, and since the start. */
  readonly connections: number;
  readonly accepted: number;
  /** Connections of senders outside the allow-list, and beyond a bound. */
  readonly refused: number;
  readonly refusedFull: number;
  readonly closedIdle: number;
  /** Messages longer than allowed, or left incomplete. */
  readonly cut: number;
  readonly framingErrors: number;
  readonly tlsErrors: number;
  /** How often nothing was read, since the queue had no room. */
  readonly pauses: number;
}

export interface FlowStatus {
  readonly datagrams: number;
  readonly records: number;
  readonly rows: number;
  /** Definitions received, repeated ones included. */
  readonly templates: number;
  readonly undecodable: number;
  /** Sets that wait for their template now, and those that were given up. */
  readonly held: number;
  readonly heldExpired: number;
  /** Lost on the way, by the exporters' own sequence numbers, each protocol in its own unit; a late one gives back. */
  readonly lost: number;
  readonly reordered: number;
  readonly duplicates: number;
  readonly exporters: number;
  /** Forgotten for want of room, the least recently used first. */
  readonly exporterEvictions: number;
  readonly templateEvictions: number;
  /** Templates that had to wait for the compiler's budget. */
  readonly compilationsDeferred: number;
}

export interface SyslogStatus {
  readonly messages: number;
  /** Stored raw, for want of a header that could be read. */
  readonly unparsed: number;
  /** Not UTF-8, or with a NUL inside: their bytes are kept. */
  readonly lossy: number;
  readonly cut: number;
  /** By rules, altogether and by each. */
  readonly dropped: number;
  readonly rules: readonly RuleStatus[];
  readonly devices: number;
  readonly deviceEvictions: number;
  readonly search: SearchStatus;
}

/** Of the partitions that are complete. */
interface SearchStatus {
  readonly partitions: number;
  /** Those that have all their indexes. */
  readonly indexed: number;
  /** The index that is being built. */
  readonly building: string | undefined;
  /** What is searched without an index of its text, and why. */
  readonly unindexed: readonly { readonly why: string; readonly partitions: number }[];
  /** Why building does not go on. */
  readonly trouble: string | undefined;
}

interface RuleStatus {
  readonly name: string;
  readonly action: string;
  readonly matched: number;
  readonly dropped: number;
  /** Messages on which its pattern was not tried, since it had used up its time. */
  readonly skipped: number;
}

export interface SnmpStatus {
  readonly datagrams: number;
  readonly traps: number;
  readonly informs: number;
  /** Informs that came again, and answers that were sent. */
  readonly informRetransmissions: number;
  readonly acknowledged: number;
  /** Informs whose rows were lost at the queue's bound: not answered. */
  readonly informsLost: number;
  readonly undecodable: number;
  readonly notNotifications: number;
  /** Senders that were not heard, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Senders with the most trouble, first: what was not taken from them, by reason. */
  readonly senders: readonly {
    readonly address: string;
    readonly troubles: Readonly<Record<string, number>>;
    readonly total: number;
  }[];
  readonly reports: number;
  readonly replays: number;
  /** Undecodable datagrams kept as rows, and those that were counted alone. */
  readonly storedRaw: number;
  readonly rawSuppressed: number;
  /** SNMPv3 engines of senders, and our own. */
  readonly engines: number;
  readonly engineEvictions: number;
  readonly engineId: string;
  readonly engineBoots: number;
  readonly polls: number;
  readonly pollFailures: number;
}

export interface JournalStatus {
  readonly batches: number;
  readonly rows: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Age of the oldest batch that is not written yet, milliseconds. */
  readonly oldestMs: number;
  /** Rows given up at the journal's bound. */
  readonly lostRows: number;
  /** Batches that were damaged on the disk. */
  readonly corruptBatches: number;
  /** Files of the journal that another version of the program wrote, kept aside. */
  readonly otherVersions: number;
  /** Batches that were open without a draft, or with a part of one: a crash would have cost their rows. */
  readonly draftsGivenUp: number;
  /** Batches and rows of journals that nobody owned any more, written here. */
  readonly adoptedBatches: number;
  readonly adoptedRows: number;
  /** What should be looked at before it becomes a loss: how full it is; a folder that cannot be adopted. */
  readonly warnings: readonly string[];
}

/** Batches that wait in Redis, for any node. */
export interface SharedQueueStatus {
  readonly state: 'connecting' | 'well' | 'full' | 'away';
  readonly waitingBatches: number;
  readonly waitingBytes: number;
  /** Why it is not well, or was not. */
  readonly lastError: string | undefined;
  /** Batches that Redis took; that went to the journal instead; that went on from there. */
  readonly toRedis: number;
  readonly toJournal: number;
  readonly forwarded: number;
  /** Batches that Redis gave back broken. */
  readonly damaged: number;
}

export interface WriterStatus {
  readonly state: 'connecting' | 'writing' | 'waiting';
  readonly batches: number;
  readonly rows: number;
  /** Batches that the ledger had already. */
  readonly duplicates: number;
  readonly rejectedRows: number;
  /** Attempts to write a batch that failed, also those that went well later. */
  readonly failures: number;
  /** Of the last attempt that failed; cleared by success. */
  readonly error: string | undefined;
}

/** Listeners on UDP. */
export function datagramListeners({ listeners }: CollectorStatus): DatagramListenerStatus[] {
  return listeners.filter((listener) => listener.transport === 'udp');
}

/** Listeners on TCP, whatever they speak. */
export function streamListeners({ listeners }: CollectorStatus): StreamListenerStatus[] {
  return listeners.filter((listener) => listener.transport !== 'udp');
}
