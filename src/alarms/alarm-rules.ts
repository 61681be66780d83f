import { limitName } from '../../storage/database/space/forecast.ts';
import type { CollectorStatus, ProcessStatus } from '../console/status.ts';
import type { PairStatus } from '../pair/pair-status.ts';
import type { AlarmSign } from './alarm.ts';

/** What the rules look at. */
export interface AlarmFacts {
  readonly status: CollectorStatus;
  /** How full the disk of the journal is, 0 to 1; undefined where that cannot be found out. */
  readonly journalDiskPart: number | undefined;
  /** Within the last minute. */
  readonly lostRows: number;
  readonly lostOnTheWay: number;
  /** Within the last ten minutes, by process. */
  readonly restarts: ReadonlyMap<string, number>;
}

export interface AlarmRules {
  /** Lost on the way in a minute, from which it is an alarm; 0: never. */
  readonly lossPerMinute: number;
}

const FULL_PART = 0.8;
const AT_EASE_PART = 0.75;
const MINUTE_MS = 60_000;
const MANY_RESTARTS = 3;
/** A peer that is not heard for longer is not there. */
const SILENT_MS = 5000;
const BRIEFLY = { raiseAfterMs: 10_000, clearAfterMs: 30_000 };
const FOR_A_MINUTE = { raiseAfterMs: MINUTE_MS, clearAfterMs: 15_000 };

/** What each rule says of the moment; what does not apply to this node is not among it. Pure. */
export function alarmSigns(facts: AlarmFacts, rules: AlarmRules): AlarmSign[] {
  const { status } = facts;
  return [
    ...fillSigns(facts),
    rowsLostSign(facts),
    databaseSign(status),
    ...queueSigns(status),
    ...status.processes.map((process) => processSign(process, facts.restarts.get(process.name) ?? 0)),
    ...jobSigns(status),
    ...lossSigns(facts, rules),
    ...storageSigns(status),
    ...(status.pair === undefined ? [] : pairSigns(status.pair)),
  ];
}

function stateOf(isOn: boolean): 'on' | 'off' {
  return isOn ? 'on' : 'off';
}

function fillState(part: number): AlarmSign['state'] {
  if (part >= FULL_PART) return 'on';
  return part >= AT_EASE_PART ? 'between' : 'off';
}

function percent(part: number): string {
  return `${Math.floor(part * 100)} %`;
}

function fillSigns({ status: { journal }, journalDiskPart: disk }: AlarmFacts): AlarmSign[] {
  const full = journal.maxBytes === 0 ? 0 : journal.bytes / journal.maxBytes;
  const remedy =
    'Rows are lost at the bound, as the configuration says (journal). See why the database does not keep up.';
  const ofJournal: AlarmSign = {
    ...BRIEFLY,
    kind: 'journal',
    subject: '',
    state: fillState(full),
    summary: `has filled its journal to ${percent(full)} of journal.maxBytes`,
    wellAgain: 'has room in its journal again',
    remedy,
  };
  if (disk === undefined) return [ofJournal];
  const ofDisk: AlarmSign = {
    ...BRIEFLY,
    kind: 'disk',
    subject: '',
    state: fillState(disk),
    summary: `has ${percent(disk)} of the disk of its journal in use`,
    wellAgain: 'has room on the disk of its journal again',
    remedy: 'Make room there, or move the journal (journal.directory).',
  };
  return [ofJournal, ofDisk];
}

function rowsLostSign({ lostRows }: AlarmFacts): AlarmSign {
  return {
    kind: 'rows-lost',
    subject: '',
    state: stateOf(lostRows > 0),
    raiseAfterMs: 0,
    // The first minute without a loss is in `lostRows` already.
    clearAfterMs: MINUTE_MS,
    summary: `is losing rows: its journal is full (${lostRows} in the last minute)`,
    wellAgain: 'has lost no rows for two minutes',
    remedy:
      'Bring the database back, or give the journal more room (journal.maxBytes). dogwatch loss says whose they were.',
  };
}

/** A writer that has nothing to write does not notice: the heartbeat of a pair does. */
function databaseSign({ writer, pair }: CollectorStatus): AlarmSign {
  const finding = pair?.own.readiness.findings.find(({ name, state }) => name === 'database' && state === 'fail');
  const reason = writer.error ?? finding?.found;
  return {
    ...FOR_A_MINUTE,
    kind: 'database',
    subject: '',
    state: stateOf(writer.state !== 'writing' || finding !== undefined),
    summary: `has not reached the database for a minute${reason === undefined ? '' : `: ${reason}`}`,
    wellAgain: 'reaches the database again',
    remedy: 'The journal takes what arrives until it is full. dogwatch check says what it finds of the database.',
  };
}

function queueSigns({ queue }: CollectorStatus): AlarmSign[] {
  if (queue === undefined) return [];
  const why = queue.lastError === undefined ? '' : `: ${queue.lastError}`;
  const sign: AlarmSign = {
    ...FOR_A_MINUTE,
    kind: 'queue',
    subject: '',
    state: stateOf(queue.state !== 'well'),
    summary: `has found Redis ${queue.state} for a minute${why}`,
    wellAgain: 'finds Redis well again',
    remedy:
      'Batches go to the journal of this node meanwhile: if the node dies, nobody else can write them. See redis.url.',
  };
  return [sign];
}

function processSign({ name, trouble }: ProcessStatus, restarts: number): AlarmSign {
  const why = trouble === undefined ? '' : `: ${trouble}`;
  return {
    kind: 'process',
    subject: name,
    state: stateOf(trouble !== undefined || restarts >= MANY_RESTARTS),
    raiseAfterMs: 0,
    clearAfterMs: MINUTE_MS,
    summary: `starts its process "${name}" again and again, ${restarts} times in ten minutes${why}`,
    wellAgain: `keeps its process "${name}" running again`,
    remedy: 'The log of the collector has what it said as it died.',
  };
}

function jobSigns({ jobs }: CollectorStatus): AlarmSign[] {
  return jobs.map(({ name, lastError, everyMs }) => ({
    kind: 'job',
    subject: name,
    state: stateOf(lastError !== undefined),
    // More than one run in a row, of those that are frequent many.
    raiseAfterMs: Math.max(10 * MINUTE_MS, everyMs),
    clearAfterMs: 0,
    summary: `fails at its maintenance job "${name}"${lastError === undefined ? '' : `: ${lastError}`}`,
    wellAgain: `does its maintenance job "${name}" again`,
    remedy: 'dogwatch status shows its last error; docs/maintenance.md what it is for.',
  }));
}

function lossSigns({ lostOnTheWay: lost }: AlarmFacts, { lossPerMinute }: AlarmRules): AlarmSign[] {
  if (lossPerMinute === 0) return [];
  const sign: AlarmSign = {
    kind: 'loss',
    subject: '',
    state: lost >= lossPerMinute ? 'on' : lost > lossPerMinute / 2 ? 'between' : 'off',
    raiseAfterMs: 0,
    clearAfterMs: MINUTE_MS,
    summary: `misses ${lost} of what was sent to it in the last minute (alarms.lossPerMinute is ${lossPerMinute})`,
    wellAgain: 'misses little of what is sent to it again',
    remedy: 'dogwatch loss --last 15m says whose it was, and whether the kernel or the network lost it.',
  };
  return [sign];
}

/** Only of who keeps the database: what another node found last would be out of date. */
function storageSigns({ storage, pair }: CollectorStatus): AlarmSign[] {
  if (storage === undefined || (pair !== undefined && pair.own.role !== 'active')) return [];
  const { tables, total, disk } = storage;
  const parts = new Map(storage.alarms.map(({ what, part }) => [what, part]));
  for (const { name, bytes, maxBytes } of [...tables, total]) {
    if (maxBytes !== undefined && maxBytes > 0) parts.set(limitName(name), bytes / maxBytes);
  }
  if (disk !== undefined) parts.set('the disk', 1 - disk.freeBytes / disk.totalBytes);
  return [...parts].map(([what, part]) => ({
    ...BRIEFLY,
    kind: 'storage',
    subject: what,
    state: fillState(part),
    summary: `keeps rows in a database that has used ${percent(part)} of ${what}`,
    wellAgain: `has room in the database again: ${what}`,
    remedy: 'Keep rows for a shorter time (retention), or give them more room. dogwatch status has the forecast.',
  }));
}

function pairSigns(pair: PairStatus): AlarmSign[] {
  const signs = [warmSign(pair), ...serviceSigns(pair)];
  // Whoever waits does not watch whether somebody else could.
  if (pair.own.role !== 'standby') signs.push(standbySign(pair));
  return signs;
}

/** The role is what was decided; these are what was seen. */
function serviceSigns({ own: { role, holdsAddress, isListening }, virtualAddresses }: PairStatus): AlarmSign[] {
  const serves = role !== 'standby';
  const address: AlarmSign = {
    ...BRIEFLY,
    kind: 'address',
    subject: '',
    state: stateOf(serves !== holdsAddress),
    summary: serves
      ? `is ${role}, and has not got the virtual IP ${virtualAddresses.join(', ')}`
      : `is standby, and has got the virtual IP ${virtualAddresses.join(', ')}`,
    wellAgain: 'has the virtual IP when it should, again',
    remedy: 'See ha.interface and ha.virtualAddresses, `ip address show`, and the reason that dogwatch status gives.',
  };
  const listeners: AlarmSign = {
    ...BRIEFLY,
    kind: 'listeners',
    subject: '',
    state: stateOf(serves && !isListening),
    summary: `is ${role}, and not all of its workers listen`,
    wellAgain: 'listens with all of its workers again',
    remedy: 'Its log says why: a port that is taken, or a worker that does not start.',
  };
  return [address, listeners];
}

function standbySign({ peer, peerName, link }: PairStatus): AlarmSign {
  const isSilent = peer === undefined || link.heardMsAgo === undefined || link.heardMsAgo > SILENT_MS;
  const fails = (peer?.readiness.findings ?? []).filter(({ state }) => state === 'fail');
  const why = isSilent
    ? ['it is not heard', ...(link.trouble === undefined ? [] : [link.trouble])]
    : fails.map(({ name, found }) => `${name}: ${found}`);
  const remedies = isSilent
    ? ['See whether it runs, and whether the link between the nodes does: dogwatch check --pair.']
    : fails.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
  return {
    ...FOR_A_MINUTE,
    kind: 'standby',
    subject: peerName,
    state: stateOf(isSilent || !peer.readiness.isReady),
    summary: `has had nobody to take over for a minute: ${peerName}: ${why.join('; ')}`,
    wellAgain: `has a successor again: ${peerName} is ready`,
    remedy: [...new Set(remedies)].join(' '),
  };
}

function warmSign({ own, peerName }: PairStatus): AlarmSign {
  const warm = own.readiness.findings.find(({ name }) => name === 'warm state');
  const differs = warm !== undefined && warm.found.startsWith('differs');
  return {
    ...FOR_A_MINUTE,
    kind: 'warm-state',
    subject: '',
    state: stateOf(differs),
    summary: `has had another warm state than ${peerName} for a minute: ${warm?.found ?? ''}`,
    wellAgain: `has the same warm state as ${peerName} again`,
    remedy:
      'After a takeover data may wait for templates. Look for trouble of the link (dogwatch status); a restart of the standby copies all anew.',
  };
}
