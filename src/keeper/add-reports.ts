import type { JournalStatus, ListenerStatus, SharedQueueStatus, WriterStatus } from '../console/status.ts';
import type { WorkerReport } from '../worker/worker-report.ts';

/**
 * Adds up what workers say: counts and depths; what is no number is the last one's.
 * @throws TypeError for no reports
 */
export function addReports(reports: readonly WorkerReport[]): WorkerReport {
  return reports.reduce((one, other) => ({
    listeners: addListeners(one.listeners, other.listeners),
    flow: addNumbers(one.flow, other.flow),
    syslog: { ...addNumbers(one.syslog, other.syslog), rules: addByKey(one.syslog.rules, other.syslog.rules, 'name') },
    snmp: addSnmp(one.snmp, other.snmp),
    journal: addJournals(one.journal, other.journal),
    queue: addQueues(one.queue, other.queue),
    writer: addWriters(one.writer, other.writer),
    reasons: [...new Set([...one.reasons, ...other.reasons])],
    memoryBytes: one.memoryBytes + other.memoryBytes,
  }));
}

/** What stays of the report of a worker that has ended: its counts, without what was true of it alone. */
export function countsOf(report: WorkerReport): WorkerReport {
  const { flow, syslog, snmp, journal, queue, writer } = report;
  return {
    // The kernel's count belongs to the socket, which goes on; the successor tells all of it.
    listeners: report.listeners.map((listener) =>
      listener.transport === 'udp' ? { ...listener, kernelDrops: 0 } : { ...listener, connections: 0 },
    ),
    flow: { ...flow, held: 0, exporters: 0 },
    syslog: { ...syslog, devices: 0 },
    snmp: { ...snmp, engines: 0, senders: [] },
    journal: { ...journal, batches: 0, rows: 0, bytes: 0, oldestMs: 0, warnings: [] },
    queue: queue && { ...queue, state: 'well', lastError: undefined },
    writer: { ...writer, state: 'writing', error: undefined },
    reasons: [],
    memoryBytes: 0,
  };
}

/** Counts of workers that have ended, without the listeners that those who go on have not: a reload took them away. */
export function besideThose(ended: WorkerReport, running: readonly WorkerReport[]): WorkerReport {
  if (running.length === 0) return ended;
  const there = new Set(running.flatMap(({ listeners }) => listeners.map(placeOf)));
  return { ...ended, listeners: ended.listeners.filter((listener) => there.has(placeOf(listener))) };
}

function placeOf({ family, transport, address, port }: ListenerStatus): string {
  return `${family} ${transport} ${address} ${port}`;
}

function addListeners(some: readonly ListenerStatus[], others: readonly ListenerStatus[]): ListenerStatus[] {
  const sums = new Map(some.map((listener) => [placeOf(listener), listener]));
  for (const listener of others) {
    const known = sums.get(placeOf(listener));
    sums.set(placeOf(listener), known === undefined ? listener : addListener(known, listener));
  }
  return [...sums.values()];
}

function addListener(one: ListenerStatus, other: ListenerStatus): ListenerStatus {
  const { port } = one;
  if (one.transport === 'udp' && other.transport === 'udp') {
    // Of each socket, not of all together.
    const { receiveBufferBytes, wantedReceiveBufferBytes } = other;
    return { ...addNumbers(one, other), port, receiveBufferBytes, wantedReceiveBufferBytes };
  }
  if (one.transport !== 'udp' && other.transport !== 'udp') return { ...addNumbers(one, other), port };
  return other;
}

function addSnmp(one: WorkerReport['snmp'], other: WorkerReport['snmp']): WorkerReport['snmp'] {
  return {
    ...addNumbers(one, other),
    engineBoots: other.engineBoots,
    refused: addNumbers(one.refused, other.refused),
    // Each sender stays with one worker.
    senders: [...one.senders, ...other.senders].toSorted((a, b) => b.total - a.total).slice(0, SHOWN_SENDERS),
  };
}

const SHOWN_SENDERS = 20;

function addJournals(one: JournalStatus, other: JournalStatus): JournalStatus {
  return {
    ...addNumbers(one, other),
    maxBytes: other.maxBytes,
    oldestMs: Math.max(one.oldestMs, other.oldestMs),
    warnings: [...one.warnings, ...other.warnings],
  };
}

const BY_REACH = ['well', 'full', 'connecting', 'away'] as const;

/** What waits is the same for all, since they share it. */
function addQueues(
  one: SharedQueueStatus | undefined,
  other: SharedQueueStatus | undefined,
): SharedQueueStatus | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const { waitingBatches, waitingBytes } = other;
  const worse = BY_REACH.indexOf(one.state) > BY_REACH.indexOf(other.state) ? one : other;
  const { state, lastError } = worse;
  return { ...addNumbers(one, other), state, lastError, waitingBatches, waitingBytes };
}

const BY_TROUBLE = ['writing', 'connecting', 'waiting'] as const;

function addWriters(one: WriterStatus, other: WriterStatus): WriterStatus {
  const worse = BY_TROUBLE.indexOf(one.state) > BY_TROUBLE.indexOf(other.state) ? one : other;
  return { ...addNumbers(one, other), state: worse.state, error: one.error ?? other.error };
}

/** `other` with each field that is a number in both added to that of `one`, and the fields that only `one` has. */
function addNumbers<T extends object>(one: T, other: T): T {
  const others = new Map<string, unknown>(Object.entries(other));
  const sums = Object.entries(one).flatMap(([key, value]: [string, unknown]) => {
    const further = others.get(key);
    return typeof value === 'number' && typeof further === 'number' ? [[key, value + further]] : [];
  });
  return { ...one, ...other, ...Object.fromEntries(sums) };
}

function addByKey<T extends object>(some: readonly T[], others: readonly T[], key: keyof T): T[] {
  const sums = new Map(some.map((each) => [each[key], each]));
  for (const each of others) {
    const known = sums.get(each[key]);
    sums.set(each[key], known === undefined ? each : addNumbers(known, each));
  }
  return [...sums.values()];
}
