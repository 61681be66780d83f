import { setTimeout as pause } from 'node:timers/promises';

import { BenchNode } from './support/bench-node.ts';
import type { Sent } from './support/sender.ts';
import type { BenchmarkReport } from './support/report.ts';
import { count } from './support/statistics.ts';

const DEFAULT_RATE = 25_000;
const TARGET_MULTIPLE = 3;
const WARM_SECONDS = 3;
const LOOK_EVERY_MS = 20;
/** What waits in the course of things: open batches, and those that are being written. */
const CAUGHT_UP_MS = 1500;

/** How a backlog was written, from the first batch after the outage until nothing waited for longer than usual. */
interface CatchUp {
  /** Rows in the journal when the database took batches again. */
  readonly backlogRows: number;
  readonly seconds: number;
  /** From the database's return to its first batch, seconds: the writer's pause between attempts. */
  readonly idleSeconds: number;
  /** Backlog and live rows together. */
  readonly writtenRows: number;
}

/** The database is away for `seconds` under live load, and then catches up while the load goes on. */
export async function benchmarkCatchUp({
  seconds,
  rate = DEFAULT_RATE,
}: {
  seconds: number;
  rate: number | undefined;
}): Promise<BenchmarkReport> {
  const node = await BenchNode.start();
  try {
    const liveSeconds = WARM_SECONDS + seconds * 2 + 15;
    const sending = node.send({ port: node.collector.flowPort, recordsPerSecond: rate, seconds: liveSeconds });
    await pause(WARM_SECONDS * 1000);
    await node.withoutDatabase(() => pause(seconds * 1000));
    let isLive = true;
    const ended = sending.then((sent) => {
      isLive = false;
      return sent;
    });
    const catchUp = await watch(node);
    const wasLive = isLive;
    const sent = await ended;
    await node.untilDrained();
    return reportOf({ seconds, rate, sent, catchUp, wasLive, rows: await node.countRows() });
  } finally {
    await node.stop();
  }
}

async function watch(node: BenchNode): Promise<CatchUp> {
  const backAtMs = performance.now();
  const { writer: before } = await node.collector.status();
  let status = await node.collector.status();
  for (; status.writer.rows === before.rows; status = await node.collector.status()) await pause(LOOK_EVERY_MS);
  const firstAtMs = performance.now();
  const first = status;
  for (; status.journal.oldestMs > CAUGHT_UP_MS; status = await node.collector.status()) await pause(LOOK_EVERY_MS);
  return {
    backlogRows: first.journal.rows,
    seconds: (performance.now() - firstAtMs) / 1000,
    idleSeconds: (firstAtMs - backAtMs) / 1000,
    writtenRows: status.writer.rows - first.writer.rows,
  };
}

interface Outcome {
  readonly seconds: number;
  readonly rate: number;
  readonly sent: Sent;
  readonly catchUp: CatchUp;
  /** Whether data went on arriving until the backlog was written. */
  readonly wasLive: boolean;
  /** `count(*)`. */
  readonly rows: number;
}

function reportOf(outcome: Outcome): BenchmarkReport {
  const { seconds, rate, sent, catchUp, wasLive, rows } = outcome;
  const backlogRate = catchUp.backlogRows / catchUp.seconds;
  const multiple = backlogRate / rate;
  const failures = [
    ...(rows === sent.records ? [] : [`${sent.records} records were sent, count(*) is ${rows}`]),
    ...(sent.skippedRecords === 0 ? [] : [`the sender skipped ${sent.skippedRecords} records`]),
    ...(wasLive ? [] : ['the load ended before the backlog was written']),
    ...(multiple >= TARGET_MULTIPLE ? [] : [`${multiple.toFixed(1)} times the live rate, below ${TARGET_MULTIPLE}`]),
  ];
  return {
    title: `The database was away for ${seconds} s under live load`,
    columns: ['', 'rows', 'seconds', 'rows/s', 'of the live rate'],
    rows: [
      ['live', String(sent.records), sent.seconds.toFixed(1), count(rate), '1.0'],
      [
        'backlog, while live data went on',
        String(catchUp.backlogRows),
        catchUp.seconds.toFixed(1),
        count(backlogRate),
        multiple.toFixed(1),
      ],
      ['count(*)', String(rows), '', '', ''],
    ],
    notes: [
      `The first batch was written ${catchUp.idleSeconds.toFixed(1)} s after the database was back. `,
      'The backlog is what lay in the journal then; live rows that were written meanwhile are not counted to its rate. ',
    ],
    measured: { ...outcome, backlogRate, multiple },
    failures,
  };
}
