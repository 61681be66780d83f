import { readFile } from 'node:fs/promises';
import { BenchNode } from './support/bench-node.ts';
import type { BenchmarkReport } from './support/report.ts';
import { count, spreadOf } from './support/statistics.ts';

const LIMIT_MIB = 300;
/** How much larger the last tenth of the run may be than the second: beyond that it is a leak. */
const MAX_GROWTH = 1.1;
/** Before that a process still grows into its work. */
const SETTLED_AFTER_MINUTES = 5;
const DEFAULT_RATE = 100_000;
const CLEAR_EVERY_MS = 60_000;

/** Resident memory of the collector's processes while it takes in records at `rate` a second; PostgreSQL is not counted. */
export async function benchmarkMemory({
  minutes,
  rate,
}: {
  minutes: number;
  rate: number | undefined;
}): Promise<BenchmarkReport> {
  const recordsPerSecond = rate ?? (await rateOfIngest()) ?? DEFAULT_RATE;
  const node = await BenchNode.start();
  const samples: number[] = [];
  const sampling = setInterval(
    () => void node.collector.residentBytes().then((bytes) => samples.push(bytes / 2 ** 20)),
    1000,
  );
  // Ten minutes would fill tens of gigabytes; the ledger remembers what was stored.
  const clearing = setInterval(() => void node.client.query('TRUNCATE flows'), CLEAR_EVERY_MS);
  try {
    const passage = await node.pass(recordsPerSecond, minutes * 60);
    return reportOf(samples, passage.sent.records, passage.stored, passage.sent.recordsPerSecond, minutes);
  } finally {
    clearInterval(sampling);
    clearInterval(clearing);
    await node.stop();
  }
}

/** What the last ingest benchmark sustained, if there was one. */
async function rateOfIngest(): Promise<number | undefined> {
  try {
    const text = await readFile(new URL('results/ingest.json', import.meta.url), 'utf8');
    const result: { measured?: { passage?: { sent?: { recordsPerSecond?: number } } } } = JSON.parse(text);
    return result.measured?.passage?.sent?.recordsPerSecond;
  } catch {
    return undefined;
  }
}

function reportOf(
  samples: readonly number[],
  sent: number,
  stored: number,
  rate: number,
  minutes: number,
): BenchmarkReport {
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const early = spreadOf(samples.slice(tenth, 2 * tenth)).median;
  const late = spreadOf(samples.slice(-tenth)).median;
  const highest = Math.max(...samples);
  const failures = [
    ...(stored === sent ? [] : [`${sent} records were sent, ${stored} stored`]),
    ...(highest <= LIMIT_MIB ? [] : [`${highest.toFixed(0)} MiB at most, above ${LIMIT_MIB}`]),
    ...(minutes < SETTLED_AFTER_MINUTES || late <= early * MAX_GROWTH
      ? []
      : [`grew from ${early.toFixed(0)} to ${late.toFixed(0)} MiB`]),
  ];
  return {
    title: 'Resident memory of the collector under load',
    columns: ['', 'MiB'],
    rows: [
      ['second tenth of the run, median', early.toFixed(0)],
      ['last tenth of the run, median', late.toFixed(0)],
      ['highest', highest.toFixed(0)],
    ],
    notes: [
      `${minutes} minutes at ${count(rate)} records/s, sampled every second; all processes of the collector, PostgreSQL apart. `,
      `${sent} records sent, ${stored} stored. `,
    ],
    measured: { samplesMiB: samples.map((mib) => Math.round(mib * 10) / 10), sent, stored, rate, minutes },
    failures,
  };
}
