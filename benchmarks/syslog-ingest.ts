import { setTimeout as pause } from 'node:timers/promises';
import { BenchNode, type BenchSubject, type Passage } from './support/bench-node.ts';
import { findHighestRate, isSustained, sustain } from './support/highest-rate.ts';
import type { BenchmarkReport } from './support/report.ts';
import { createRsyslogTable, Rsyslog, rsyslogLacks } from './support/rsyslog.ts';
import { count, percent } from './support/statistics.ts';
import { TYPICAL_SHARES } from './support/typical-syslog.ts';

const TARGET_RATE = 100_000;
const TARGET_FACTOR = 5;
const SEARCH = { first: 110_000, highest: 260_000, trials: 6, trialSeconds: 8 };

/** Connections that rsyslog may write with; the best of these counts. */
const RSYSLOG_WORKERS = [1, 2, 4];
const RSYSLOG_TABLE = 'rsyslog_messages';
// Well below what imudp takes in, and as much as the workers are busy with for some seconds.
const RSYSLOG_SEND = { recordsPerSecond: 50_000, seconds: 6 };
const RSYSLOG_LIMIT_MS = 120_000;
// Counting takes time from the writers.
const LOOK_AGAIN_MS = 500;
const GIVE_UP_MS = 5000;

/** A message is a datagram here, and three processes share the cores: more than a second of messages. */
const RECEIVE_BUFFER = '64MiB';

const SUBJECT: BenchSubject = {
  table: 'syslog_messages',
  sender: 'syslog-sender-process.ts',
  settings: {
    listeners: [{ family: 'syslog', transport: 'udp', address: '127.0.0.1', port: 0, receiveBuffer: RECEIVE_BUFFER }],
  },
};

/**
 * Syslog from a UDP socket to committed rows, against rsyslog with ompgsql on the same PostgreSQL. `rate`: messages a second
 * to sustain; without it the highest that loses nothing is looked for.
 */
export async function benchmarkSyslogIngest({
  seconds,
  rate,
}: {
  seconds: number;
  rate: number | undefined;
}): Promise<BenchmarkReport> {
  const node = await BenchNode.start(SUBJECT);
  try {
    const rsyslog = await measureRsyslog(node);
    const highest = rate ?? (await findHighestRate(node, SEARCH));
    const passage = await sustain(node, highest, seconds);
    return reportOf(passage, await countNumbers(node), rsyslog, rate === undefined);
  } finally {
    await node.stop();
  }
}

interface RsyslogResult {
  readonly workers: number;
  readonly sent: number;
  readonly stored: number;
  readonly rowsPerSecond: number;
}

/** Why it could not be measured, or what was. */
async function measureRsyslog(node: BenchNode): Promise<string | readonly RsyslogResult[]> {
  const lacks = rsyslogLacks();
  if (lacks !== false) return lacks;
  const results: RsyslogResult[] = [];
  for (const workers of RSYSLOG_WORKERS) {
    const result = await measureWorkers(node, workers);
    results.push(result);
    process.stderr.write(
      `rsyslog, ${workers} workers: sent ${result.sent}, stored ${result.stored}, ${count(result.rowsPerSecond)}/s\n`,
    );
  }
  return results;
}

/**
 * Fills its queue and counts how fast that is written. More than fair: for most of the time nothing needs to be received.
 */
async function measureWorkers(node: BenchNode, workers: number): Promise<RsyslogResult> {
  const { folder, client, address } = node;
  await client.query(`DROP TABLE IF EXISTS ${RSYSLOG_TABLE}`);
  await client.query(createRsyslogTable(RSYSLOG_TABLE));
  await client.query('CHECKPOINT');
  const rsyslog = await Rsyslog.start({ folder, database: address, table: RSYSLOG_TABLE, workers });
  try {
    const startedAt = performance.now();
    const sent = await node.send({ port: rsyslog.port, ...RSYSLOG_SEND });
    const { stored, atMs } = await untilStored(node, sent.records, startedAt + RSYSLOG_LIMIT_MS);
    return { workers, sent: sent.records, stored, rowsPerSecond: stored / ((atMs - startedAt) / 1000) };
  } finally {
    await rsyslog.stop();
  }
}

/** Until all rows are there, or no more have come for some seconds. */
async function untilStored(node: BenchNode, rows: number, limitMs: number): Promise<{ stored: number; atMs: number }> {
  let stored = 0;
  let atMs = performance.now();
  while (stored < rows && performance.now() < Math.min(limitMs, atMs + GIVE_UP_MS)) {
    await pause(LOOK_AGAIN_MS);
    const { rows: answer } = await node.client.query<{ count: string }>(`SELECT count(*) FROM ${RSYSLOG_TABLE}`);
    const now = Number(answer[0]?.count);
    if (now > stored) atMs = performance.now();
    stored = now;
  }
  return { stored, atMs };
}

interface StoredNumbers {
  readonly rows: number;
  /** Different sequence numbers. */
  readonly numbers: number;
  readonly first: number;
  readonly last: number;
}

/** Every message of the generator holds its number in its text. */
async function countNumbers(node: BenchNode): Promise<StoredNumbers> {
  const { rows } = await node.client.query<Record<'rows' | 'numbers' | 'first' | 'last', string>>(`
    SELECT count(*) AS rows, count(DISTINCT number) AS numbers, min(number) AS first, max(number) AS last
    FROM (SELECT substr(message, strpos(message, 'seq=') + 4, 10)::bigint AS number FROM ${SUBJECT.table}) AS numbered`);
  const [row] = rows;
  return {
    rows: Number(row?.rows),
    numbers: Number(row?.numbers),
    first: Number(row?.first),
    last: Number(row?.last),
  };
}

/** @param isHighest nobody chose the rate: only then is it held to the targets */
function reportOf(
  passage: Passage,
  stored: StoredNumbers,
  rsyslog: string | readonly RsyslogResult[],
  isHighest: boolean,
): BenchmarkReport {
  const { sent, kernelDrops, drainSeconds, collectorCpuSeconds } = passage;
  // All of it counts, also what the database needed after the last datagram.
  const rate = stored.rows / (sent.seconds + drainSeconds);
  const best = typeof rsyslog === 'string' ? undefined : Math.max(...rsyslog.map((each) => each.rowsPerSecond));
  const complete =
    stored.rows === sent.records &&
    stored.numbers === sent.records &&
    stored.first === 0 &&
    stored.last === sent.records - 1;
  const failures = [
    ...(complete ? [] : [`${sent.records} messages were sent; stored: ${JSON.stringify(stored)}`]),
    ...(isSustained(passage)
      ? []
      : [`not sustained: ${kernelDrops} kernel drops, drained in ${drainSeconds.toFixed(1)} s`]),
    ...(rate >= TARGET_RATE || !isHighest ? [] : [`${count(rate)}/s, below ${count(TARGET_RATE)}/s`]),
    ...(best === undefined || !isHighest || rate >= TARGET_FACTOR * best
      ? []
      : [`${(rate / best).toFixed(1)} times rsyslog, below ${TARGET_FACTOR}`]),
  ];
  return {
    title: 'Syslog from the UDP socket to committed rows, PostgreSQL on the same machine',
    columns: ['', 'rows/s', 'sent', 'count(*)', 'kernel drops'],
    rows: [
      ...rsyslogRows(rsyslog),
      ['collector', count(rate), String(sent.records), String(stored.rows), String(kernelDrops)],
      ...(best === undefined ? [] : [['times rsyslog', (rate / best).toFixed(1), '', '', '']]),
    ],
    notes: [
      `Of a hundred messages ${TYPICAL_SHARES.map(([dialect, share]) => `${share} ${dialect}`).join(', ')}; 20 devices, sent by a process of its own at an even pace. `,
      `Of the collector's rows, ${stored.numbers} different sequence numbers, ${stored.first} to ${stored.last}. `,
      `Drained ${drainSeconds.toFixed(1)} s after the last datagram; the collector used ${percent(collectorCpuSeconds / sent.seconds)} of a core. `,
      typeof rsyslog === 'string'
        ? `No baseline: ${rsyslog}. `
        : 'rsyslog: imudp, queue in memory, ompgsql with transactions of 4096 messages, into a table of eight columns without an index. ',
    ],
    measured: { passage, stored, rate, rsyslog, factor: best === undefined ? null : rate / best },
    failures,
  };
}

function rsyslogRows(rsyslog: string | readonly RsyslogResult[]): string[][] {
  if (typeof rsyslog === 'string') return [];
  return rsyslog.map(({ workers, sent, stored, rowsPerSecond }) => [
    `rsyslog and ompgsql, ${workers} ${workers === 1 ? 'connection' : 'connections'}`,
    count(rowsPerSecond),
    String(sent),
    String(stored),
    '',
  ]);
}
