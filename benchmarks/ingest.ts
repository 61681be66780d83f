import { LOSSES } from '../collectors/accounts/loss-table.ts';
import { FlowDecoder } from '../collectors/flow/flow-decoder.ts';
import { APPLICATIONS, COUNTER_SAMPLES, EXPORTERS, FLOWS, INTERFACES } from '../collectors/flow/tables.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { createLoad } from '../src/traffic/load.ts';
import type { SealedBatch } from '../storage/batch/batch-format.ts';
import { OpenBatch } from '../storage/batch/batch.ts';
import { BufferPool } from '../storage/batch/buffer-pool.ts';
import { copyRows } from '../storage/database/copy.ts';
import { type DatabaseClient, disconnect, quoteIdentifier } from '../storage/database/database.ts';
import { BENCHMARK_LOAD } from './support/benchmark-load.ts';
import { BenchNode, type Passage } from './support/bench-node.ts';
import { DiscardingSink } from './support/discarding-sink.ts';
import type { BenchmarkReport } from './support/report.ts';
import { count, percent } from './support/statistics.ts';

const TARGET_SHARE = 0.85;
const COPY_SECONDS = 10;
const TRIAL_SECONDS = 8;
const TRIALS = 7;
const SUSTAIN_ATTEMPTS = 4;
/** What may still wait for the database at the end of a rate that is sustained. */
const MAX_DRAIN_SECONDS = 2;

// As the collector has them by default.
const BATCH_ROWS = 50_000;
const BATCH_BYTES = 4 << 20;
const WRITER_CONNECTIONS = 2;

/**
 * From the socket to committed rows, against `COPY BINARY` of the same bytes into the same table. `rate`: records a second
 * to sustain; without it the highest that loses nothing is looked for.
 */
export async function benchmarkIngest({
  seconds,
  rate,
}: {
  seconds: number;
  rate: number | undefined;
}): Promise<BenchmarkReport> {
  const node = await BenchNode.start();
  try {
    const batches = prepareBatches();
    const copyBefore = await measureCopy(node, batches, 1);
    const copyOnTwo = await measureCopy(node, batches, WRITER_CONNECTIONS);
    const highest = rate ?? (await findHighestRate(node, Math.max(copyBefore, copyOnTwo)));
    const passage = await sustain(node, highest, seconds);
    const rows = await node.countRows();
    const copyAfter = await measureCopy(node, batches, 1);
    return reportOf(passage, rows, { one: [copyBefore, copyAfter], two: copyOnTwo }, rate === undefined);
  } finally {
    await node.stop();
  }
}

/** The rows of the load as the collector would make them, sealed as it would seal them. */
function prepareBatches(): SealedBatch[] {
  const batches: SealedBatch[] = [];
  const limits = { maxRows: BATCH_ROWS, maxAgeMs: 3_600_000 };
  const flows = new OpenBatch(FLOWS, limits, systemClock, new BufferPool(BATCH_BYTES, 0), (batch) =>
    batches.push(batch),
  );
  const sinks = {
    flows,
    counterSamples: new DiscardingSink(COUNTER_SAMPLES),
    interfaces: new DiscardingSink(INTERFACES),
    applications: new DiscardingSink(APPLICATIONS),
    exporters: new DiscardingSink(EXPORTERS),
    losses: new DiscardingSink(LOSSES),
  };
  const decoder = new FlowDecoder({}, sinks, () => {});
  const load = createLoad(BENCHMARK_LOAD);
  while (batches.length < 20) {
    for (const bytes of load.take(1000, Date.now()).datagrams) {
      const receivedAtMicros = systemClock.nowMicros();
      decoder.decode({ bytes, sourceAddress: '127.0.0.1', sourcePort: 40_000, localPort: 2055, receivedAtMicros });
    }
  }
  return batches;
}

/** One transaction a batch. @returns rows a second */
async function measureCopy(node: BenchNode, batches: readonly SealedBatch[], connections: number): Promise<number> {
  await node.clear();
  const clients = await Promise.all(Array.from({ length: connections }, () => node.connect()));
  const startedAt = performance.now();
  const end = startedAt + COPY_SECONDS * 1000;
  const copied = await Promise.all(clients.map((client) => copyUntil(end, client, batches)));
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all(clients.map(disconnect));
  const rows = copied.reduce((sum, each) => sum + each, 0);
  const stored = await node.countRows();
  if (stored !== rows) throw new Error(`COPY stored ${stored} rows of ${rows}`);
  return rows / seconds;
}

/** @returns rows */
async function copyUntil(end: number, client: DatabaseClient, batches: readonly SealedBatch[]): Promise<number> {
  const columns = FLOWS.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  let rows = 0;
  while (performance.now() < end) {
    for (const batch of batches) {
      await copyRows(client, `COPY flows (${columns}) FROM STDIN (FORMAT binary)`, batch.body);
      rows += batch.rows;
    }
  }
  return rows;
}

/** Halves the interval between a rate that passes and one that does not. */
async function findHighestRate(node: BenchNode, copyRate: number): Promise<number> {
  let low = 0;
  let high = copyRate * 1.3;
  let rate = copyRate * 0.8;
  for (let trial = 0; trial < TRIALS; trial += 1) {
    await node.clear();
    const passage = await node.pass(rate, TRIAL_SECONDS);
    progress(`trial at ${count(rate)}/s`, passage);
    if (isSustained(passage)) low = rate;
    else high = rate;
    rate = low === 0 ? high / 2 : (low + high) / 2;
  }
  if (low === 0) throw new Error('no rate passes without loss');
  return low;
}

/** A rate that passes for seconds may not for a minute, when checkpoints come in: then a little less. */
async function sustain(node: BenchNode, highest: number, seconds: number): Promise<Passage> {
  for (let attempt = 0, rate = highest; ; attempt += 1, rate *= 0.95) {
    await node.clear();
    const passage = await node.pass(rate, seconds);
    progress(`sustaining ${count(rate)}/s`, passage);
    if (isSustained(passage) || attempt + 1 >= SUSTAIN_ATTEMPTS) return passage;
  }
}

function isSustained({ sent, stored, kernelDrops, drainSeconds }: Passage): boolean {
  return stored === sent.records && kernelDrops === 0 && drainSeconds <= MAX_DRAIN_SECONDS && sent.skippedRecords === 0;
}

function progress(what: string, { sent, stored, kernelDrops, drainSeconds }: Passage): void {
  process.stderr.write(
    `${what}: sent ${sent.records} (skipped ${sent.skippedRecords}), stored ${stored}, ` +
      `kernel drops ${kernelDrops}, drained in ${drainSeconds.toFixed(1)} s\n`,
  );
}

interface CopyRates {
  /** On one connection, before and after. */
  readonly one: readonly number[];
  readonly two: number;
}

/** @param isHighest nobody chose the rate: only then is it held to the target */
function reportOf(
  passage: Passage,
  rows: number,
  { one: copy, two: copyOnTwo }: CopyRates,
  isHighest: boolean,
): BenchmarkReport {
  const { sent, kernelDrops, drainSeconds, collectorCpuSeconds } = passage;
  // All of it counts, also what the database needed after the last datagram.
  const rate = rows / (sent.seconds + drainSeconds);
  const copyRate = copy.reduce((sum, each) => sum + each, 0) / copy.length;
  const share = rate / copyRate;
  const failures = [
    ...(rows === sent.records ? [] : [`${sent.records} records were sent, count(*) is ${rows}`]),
    ...(isSustained(passage)
      ? []
      : [`not sustained: ${kernelDrops} kernel drops, drained in ${drainSeconds.toFixed(1)} s`]),
    ...(share >= TARGET_SHARE || !isHighest ? [] : [`${percent(share)} of COPY, below ${percent(TARGET_SHARE)}`]),
  ];
  return {
    title: 'From the socket to committed rows, PostgreSQL on the same machine',
    columns: ['', 'rows/s', 'seconds', 'sent', 'count(*)', 'kernel drops'],
    rows: [
      ['COPY BINARY of prepared bytes, one connection', count(copyRate), `2 × ${COPY_SECONDS}`, '', '', ''],
      ['COPY BINARY of prepared bytes, two connections', count(copyOnTwo), `${COPY_SECONDS}`, '', '', ''],
      [
        'collector, two connections',
        count(rate),
        sent.seconds.toFixed(1),
        String(sent.records),
        String(rows),
        String(kernelDrops),
      ],
      ['share of one connection', percent(share), '', '', '', ''],
      ['share of two connections', percent(rate / copyOnTwo), '', '', '', ''],
    ],
    notes: [
      'NetFlow v9, 20 fields, 20 exporters, sent by a process of its own at an even pace. ',
      `Drained ${drainSeconds.toFixed(1)} s after the last datagram; the collector used ${percent(collectorCpuSeconds / sent.seconds)} of a core. `,
      `COPY: one transaction a batch; on one connection before (${count(copy[0] ?? 0)}/s) and after (${count(copy[1] ?? 0)}/s). `,
    ],
    measured: { passage, rows, rate, copy, copyRate, copyOnTwo, share },
    failures,
  };
}
