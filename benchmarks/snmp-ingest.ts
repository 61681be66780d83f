import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEQUENCE_OID } from '../src/traffic/snmp/notification/prepared-trap.ts';
import { BenchNode, type BenchSubject, type Passage } from './support/bench-node.ts';
import {
  findHighestRate,
  highestThat,
  isSustained,
  progress,
  type RateSearch,
  sustain,
} from './support/highest-rate.ts';
import type { BenchmarkReport } from './support/report.ts';
import { type Sent, Sender } from './support/sender.ts';
import { BENCH_COMMUNITY, BENCH_USER, type BenchVersion, DEVICES } from './support/snmp-load.ts';
import { RECEIVE_BUFFER_MIB, Snmptrapd, snmptrapdLacks } from './support/snmptrapd.ts';
import { count, percent } from './support/statistics.ts';

/** Traps a second that are asked for. */
const TARGETS = { v2c: 30_000, v3: 10_000 } as const;
const FLOOD_RATE = 50_000;
const TARGET_SHARE = 0.8;
const SEARCHES: Readonly<Record<BenchVersion, RateSearch>> = {
  v2c: { first: 40_000, highest: 150_000, trials: 6, trialSeconds: 8 },
  v3: { first: 15_000, highest: 60_000, trials: 6, trialSeconds: 8 },
};
const BASELINE_SEARCHES: Readonly<Record<BenchVersion, RateSearch>> = {
  v2c: { first: 30_000, highest: 150_000, trials: 6, trialSeconds: 4 },
  v3: { first: 10_000, highest: 60_000, trials: 6, trialSeconds: 4 },
};
const OUTPUTS = ['file', 'none'] as const;
/** A trial run looks less closely. */
const FEWER = { trials: 3, trialSeconds: 3 };
const SHORT_RUN_SECONDS = 20;
/** As many as new engines of one address may be heard of in a second. */
const WARM_UP = { rate: 500, seconds: 4 };

export interface SnmpBenchmarkOptions {
  /** How long a rate is held; below 20 it is a trial run, which also searches less closely. */
  readonly seconds: number;
  /** Traps a second to sustain, of each version; without it the highest that loses nothing is looked for. */
  readonly rate: number | undefined;
}

/** Traps from a UDP socket to committed rows, against net-snmp's snmptrapd with the same load. */
export async function benchmarkSnmp(options: SnmpBenchmarkOptions): Promise<BenchmarkReport> {
  const folder = await mkdtemp(join(tmpdir(), 'dw-bench-snmp-'));
  try {
    const baselines = await measureBaselines(folder, options);
    const v2c = await withNode(folder, 'v2c', (node) => measureCollector(node, 'v2c', options));
    const { v3, flooded } = await withNode(folder, 'v3', async (node) => ({
      v3: await measureCollector(node, 'v3', options),
      flooded: await measureFlooded(node, options.seconds),
    }));
    return reportOf({ v2c, v3, flooded, baselines }, options.rate === undefined);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// The collector

/** What is in the table, by the number that each trap carries. */
interface StoredNumbers {
  readonly rows: number;
  readonly numbers: number;
  readonly first: number;
  readonly last: number;
}

interface Measured {
  readonly passage: Passage;
  readonly stored: StoredNumbers;
  /** Rows a second, with what the database needed after the last datagram. */
  readonly rate: number;
}

interface Flooded extends Measured {
  readonly flood: Sent;
  /** Of the known senders' traps, those that are stored. */
  readonly share: number;
}

async function withNode<Result>(
  folder: string,
  version: BenchVersion,
  measure: (node: BenchNode) => Promise<Result>,
): Promise<Result> {
  const node = await BenchNode.start(await subjectOf(folder, version));
  try {
    return await measure(node);
  } finally {
    await node.stop();
  }
}

async function subjectOf(folder: string, version: BenchVersion): Promise<BenchSubject> {
  const credentialsFile = join(folder, 'snmp-credentials.yaml');
  // JSON is YAML as well.
  await writeFile(credentialsFile, JSON.stringify({ communities: { bench: BENCH_COMMUNITY }, users: [BENCH_USER] }));
  const receiveBuffer = `${RECEIVE_BUFFER_MIB}MiB`;
  return {
    table: 'snmp_traps',
    sender: 'snmp-sender-process.ts',
    senderParameters: [version],
    settings: {
      snmp: { credentialsFile },
      listeners: [{ family: 'snmp', address: '127.0.0.1', port: 0, receiveBuffer }],
    },
  };
}

async function measureCollector(
  node: BenchNode,
  version: BenchVersion,
  { seconds, rate }: SnmpBenchmarkOptions,
): Promise<Measured> {
  // Known engines are what is asked about.
  if (version === 'v3') progress('engines become known', await node.pass(WARM_UP.rate, WARM_UP.seconds));
  const highest = rate ?? (await findHighestRate(node, searchFor(SEARCHES[version], seconds)));
  return withNumbers(node, await sustain(node, highest, seconds));
}

/** The known senders at the rate that is asked for, and strangers on top of it. */
async function measureFlooded(node: BenchNode, seconds: number): Promise<Flooded> {
  const strangers = new Sender('snmp-flood-process.ts');
  try {
    await node.clear();
    await node.prepare(TARGETS.v3, seconds);
    const flooding = strangers.send({ port: node.collector.flowPort, recordsPerSecond: FLOOD_RATE, seconds });
    const passage = await node.pass(TARGETS.v3, seconds);
    const flood = await flooding;
    progress(`known senders at ${count(TARGETS.v3)}/s under ${count(flood.recordsPerSecond)}/s of others`, passage);
    const measured = await withNumbers(node, passage);
    return { ...measured, flood, share: measured.stored.numbers / passage.sent.records };
  } finally {
    strangers.close();
  }
}

async function withNumbers(node: BenchNode, passage: Passage): Promise<Measured> {
  const stored = await countNumbers(node);
  return { passage, stored, rate: stored.rows / (passage.sent.seconds + passage.drainSeconds) };
}

async function countNumbers(node: BenchNode): Promise<StoredNumbers> {
  const { rows } = await node.client.query<Record<'rows' | 'numbers' | 'first' | 'last', string>>(
    `SELECT count(*) AS rows, count(DISTINCT number) AS numbers, min(number) AS first, max(number) AS last
     FROM (SELECT (varbinds->-1->>'value')::bigint AS number FROM snmp_traps WHERE varbinds->-1->>'oid' = $1) AS numbered`,
    [SEQUENCE_OID],
  );
  const [row] = rows;
  const read = (name: 'rows' | 'numbers' | 'first' | 'last') => Number(row?.[name] ?? -1);
  return { rows: read('rows'), numbers: read('numbers'), first: read('first'), last: read('last') };
}

// net-snmp

interface Baseline {
  readonly version: BenchVersion;
  readonly output: (typeof OUTPUTS)[number];
  /** The highest that it received without loss. */
  readonly rate: number;
  readonly sent: number;
}

interface FloodedBaseline {
  readonly sent: number;
  readonly received: number;
  readonly drops: number;
}

interface Baselines {
  readonly lacks: string | false;
  readonly highest: readonly Baseline[];
  readonly flooded: FloodedBaseline | undefined;
}

async function measureBaselines(folder: string, { seconds }: SnmpBenchmarkOptions): Promise<Baselines> {
  const lacks = snmptrapdLacks();
  const highest: Baseline[] = [];
  if (lacks !== false) return { lacks, highest, flooded: undefined };
  for (const version of ['v2c', 'v3'] as const) {
    const sender = new Sender('snmp-sender-process.ts', [version]);
    try {
      for (const output of OUTPUTS) {
        const search = searchFor(BASELINE_SEARCHES[version], seconds);
        highest.push(await findBaseline({ folder, version, output, sender, search }));
      }
    } finally {
      sender.close();
    }
  }
  return { lacks, highest, flooded: await floodBaseline(folder, seconds) };
}

interface BaselineTrial {
  readonly folder: string;
  readonly version: BenchVersion;
  readonly output: (typeof OUTPUTS)[number];
  readonly sender: Sender;
  readonly search: RateSearch;
}

async function findBaseline({ folder, version, output, sender, search }: BaselineTrial): Promise<Baseline> {
  const { rate, result } = await highestThat(search, async (tried) => {
    const snmptrapd = await Snmptrapd.start({ folder, version, output });
    const order = { port: snmptrapd.port, recordsPerSecond: tried, seconds: search.trialSeconds };
    const sent = await sender.send(order);
    const drops = await snmptrapd.settle();
    const received = (await snmptrapd.stop()) ?? sent.records - drops;
    process.stderr.write(
      `snmptrapd, ${version}, output ${output}, ${count(tried)}/s: sent ${sent.records} (skipped ${sent.skippedRecords}), received ${received}, kernel drops ${drops}\n`,
    );
    return { passes: received === sent.records && sent.skippedRecords === 0, result: sent };
  });
  return { version, output, rate: result?.recordsPerSecond ?? rate, sent: result?.records ?? 0 };
}

/** The same load as the collector's: the known senders at the rate that is asked for, and strangers on top of it. */
async function floodBaseline(folder: string, seconds: number): Promise<FloodedBaseline> {
  const [known, strangers] = [new Sender('snmp-sender-process.ts', ['v3']), new Sender('snmp-flood-process.ts')];
  const snmptrapd = await Snmptrapd.start({ folder, version: 'v3', output: 'file' });
  try {
    const { port } = snmptrapd;
    const order = { port, recordsPerSecond: TARGETS.v3, seconds };
    await known.prepare(order);
    const [sent] = await Promise.all([
      known.send(order),
      strangers.send({ port, recordsPerSecond: FLOOD_RATE, seconds }),
    ]);
    const drops = await snmptrapd.settle();
    return { sent: sent.records, received: (await snmptrapd.stop()) ?? 0, drops };
  } finally {
    known.close();
    strangers.close();
  }
}

function searchFor(search: RateSearch, seconds: number): RateSearch {
  return seconds < SHORT_RUN_SECONDS ? { ...search, ...FEWER } : search;
}

// The report

interface Results {
  readonly v2c: Measured;
  readonly v3: Measured;
  readonly flooded: Flooded;
  readonly baselines: Baselines;
}

/** @param isHighest nobody chose the rate: only then is it held to the targets */
function reportOf({ v2c, v3, flooded, baselines }: Results, isHighest: boolean): BenchmarkReport {
  const { flood, share } = flooded;
  const failures = [
    ...failuresOf('v2c', v2c, isHighest),
    ...failuresOf('v3', v3, isHighest),
    ...(share >= TARGET_SHARE ? [] : [`under a flood ${percent(share)} of the known senders' traps are stored`]),
    ...(flooded.stored.rows === flooded.stored.numbers ? [] : ['under a flood traps are stored twice']),
  ];
  return {
    title: 'SNMP traps from the UDP socket to committed rows, PostgreSQL on the same machine',
    columns: ['', 'traps/s', 'sent', 'stored', 'kernel drops'],
    rows: [
      ...baselineRows('v2c', baselines),
      collectorRow('collector, v2c', v2c),
      ...baselineRows('v3', baselines),
      collectorRow(`collector, v3, ${DEVICES.v3} engines`, v3),
      ...floodedBaselineRow(baselines),
      collectorRow(`collector, v3, ${count(flood.recordsPerSecond)}/s of unknown engines beside`, flooded),
    ],
    notes: [
      `Notifications of all kinds, v2c of ${DEVICES.v2c} devices, v3 authPriv with SHA-256 and AES-128, made beforehand and sent by a process of its own at an even pace. `,
      `Each carries a number; stored are ${v2c.stored.numbers} (v2c) and ${v3.stored.numbers} (v3) different ones. `,
      `The collector used ${coreShare(v2c)} (v2c), ${coreShare(v3)} (v3) and ${coreShare(flooded)} (flooded) of a core; drained after ${v2c.passage.drainSeconds.toFixed(1)} s, ${v3.passage.drainSeconds.toFixed(1)} s. `,
      `Under the flood, known senders sent ${count(TARGETS.v3)}/s and ${percent(share)} of that is stored; kernel drops are of both together. `,
      baselines.lacks === false
        ? `snmptrapd: the highest rate at which nothing was lost in ${BASELINE_SEARCHES.v2c.trialSeconds} s (${FEWER.trialSeconds} s in a trial run), no MIBs, no authorization, receive buffer of ${RECEIVE_BUFFER_MIB} MiB as the collector's; of v3 each engine has to be named in its configuration. It stores nothing in a database. `
        : `No baseline: ${baselines.lacks}. `,
    ],
    measured: { v2c, v3, flooded, baselines },
    failures,
  };
}

function failuresOf(version: BenchVersion, { passage, stored, rate }: Measured, isHighest: boolean): string[] {
  const { sent, kernelDrops, drainSeconds } = passage;
  const { rows, numbers, first, last } = stored;
  const isComplete = rows === sent.records && numbers === rows && first === 0 && last === sent.records - 1;
  const target = TARGETS[version];
  return [
    ...(isComplete ? [] : [`${version}: ${sent.records} traps were sent; stored: ${JSON.stringify(stored)}`]),
    ...(isSustained(passage)
      ? []
      : [`${version}: not sustained: ${kernelDrops} kernel drops, drained in ${drainSeconds.toFixed(1)} s`]),
    ...(rate >= target || !isHighest ? [] : [`${version}: ${count(rate)}/s, below ${count(target)}/s`]),
  ];
}

function collectorRow(what: string, { passage, stored, rate }: Measured): string[] {
  return [what, count(rate), String(passage.sent.records), String(stored.rows), String(passage.kernelDrops)];
}

function baselineRows(version: BenchVersion, { highest }: Baselines): string[][] {
  return highest
    .filter((each) => each.version === version)
    .map(({ output, rate, sent }) => {
      const what = output === 'file' ? 'to a file' : 'no output';
      return [`snmptrapd, ${version}, ${what}`, count(rate), String(sent), '', '0'];
    });
}

function floodedBaselineRow({ flooded }: Baselines): string[][] {
  if (flooded === undefined) return [];
  const { sent, received, drops } = flooded;
  return [[`snmptrapd, the same flood, to a file: ${percent(received / sent)}`, '', String(sent), '', String(drops)]];
}

function coreShare({ passage }: Measured): string {
  return percent(passage.collectorCpuSeconds / passage.sent.seconds);
}
