import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipWithout } from '../test/support/packages.ts';
import { RedisServer } from '../test/support/redis.ts';
import { BenchNode, type Passage } from './support/bench-node.ts';
import { isSustained, progress } from './support/highest-rate.ts';
import type { BenchmarkReport } from './support/report.ts';
import { count, percent, type Spread, spreadOf } from './support/statistics.ts';

const TARGET_SHARE = 0.85;
const FIRST_RATE = 400_000;
/** More than a generator on one core can send. */
const HIGHEST_RATE = 640_000;
const TRIALS = 5;
const TRIAL_SECONDS = 6;
/** Before all: what was never run is slow. */
const WARM_RATE = 150_000;
const WARM_SECONDS = 3;
/** What passes for seconds may not for half a minute, when checkpoints come in: so the rounds begin a little lower. */
const HEADROOM = 0.95;
/** And where that does not pass, a little less. */
const STEP_DOWN = 0.95;
const ATTEMPTS = 4;
/**
 * As docs/queue.md asks for: each write is appended to a file, which is synced every second, and not written anew every 64 MiB,
 * which at these rates is every second.
 */
const REDIS_SETTINGS = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-min-size', '1gb'];

const QUEUES = ['journal', 'bullmq'] as const;
type QueueName = (typeof QUEUES)[number];

/** One of the two collectors, and the rate that is tried of it next. */
interface Contender {
  readonly queue: QueueName;
  readonly node: BenchNode;
  rate: number;
}

/** A rate that was sustained, with what `count(*)` said of it afterwards. */
interface Round {
  readonly passage: Passage;
  readonly rows: number;
  /** Rows a second, what the database needed after the last datagram included. */
  readonly rate: number;
}

export interface QueueOptions {
  readonly seconds: number;
  readonly rounds: number;
}

/** The highest rate without loss with `queue: bullmq` against that with `queue: journal`: in turn, in the same run, same load. */
export async function benchmarkQueue({ seconds, rounds }: QueueOptions): Promise<BenchmarkReport> {
  const lacks = skipWithout('redis-server', 'redis-cli');
  if (lacks !== false) throw new Error(lacks);
  const folder = await mkdtemp(join(tmpdir(), 'dw-bench-redis-'));
  const redis = await RedisServer.start(folder, REDIS_SETTINGS);
  const contenders: Contender[] = [];
  try {
    for (const queue of QUEUES) {
      const settings = { queue, redis: { url: redis.url } };
      const node = await BenchNode.start({ table: 'flows', sender: 'sender-process.ts', settings });
      contenders.push({ queue, node, rate: FIRST_RATE });
    }
    for (const contender of contenders) await passOnce({ ...contender, rate: WARM_RATE }, WARM_SECONDS);
    await findRates(contenders);
    return reportOf(await compare(contenders, seconds, rounds));
  } finally {
    for (const { node } of contenders) await node.stop();
    await redis.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Halves for each the interval between a rate that passes and one that does not. */
async function findRates(contenders: readonly Contender[]): Promise<void> {
  const bounds = new Map(contenders.map(({ queue }) => [queue, { low: 0, high: HIGHEST_RATE }]));
  for (let trial = 0; trial < TRIALS; trial += 1) {
    for (const contender of contenders) {
      const bound = bounds.get(contender.queue);
      if (bound === undefined) continue;
      const { passage } = await passOnce(contender, TRIAL_SECONDS);
      if (isSustained(passage)) bound.low = contender.rate;
      else bound.high = contender.rate;
      contender.rate = (bound.low + bound.high) / 2;
    }
  }
  for (const contender of contenders) {
    contender.rate = HEADROOM * (bounds.get(contender.queue)?.low ?? 0);
    if (contender.rate === 0) throw new Error(`${contender.queue}: no rate passes without loss`);
  }
}

/** `rounds` of each, in turn. Who misses begins the next round a little lower. */
async function compare(
  contenders: readonly Contender[],
  seconds: number,
  rounds: number,
): Promise<Record<QueueName, Round[]>> {
  const found: Record<QueueName, Round[]> = { journal: [], bullmq: [] };
  for (let round = 0; round < rounds; round += 1) {
    // Whoever comes second finds the machine as the first left it: so each is first every other time.
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      found[contender.queue].push(await sustainRound(contender, seconds));
    }
  }
  return found;
}

async function sustainRound(contender: Contender, seconds: number): Promise<Round> {
  for (let attempt = 1; ; attempt += 1) {
    const round = await passOnce(contender, seconds);
    if (isSustained(round.passage) || attempt >= ATTEMPTS) return round;
    contender.rate *= STEP_DOWN;
  }
}

async function passOnce({ queue, node, rate }: Contender, seconds: number): Promise<Round> {
  await node.clear();
  const passage = await node.pass(rate, seconds);
  progress(`${queue} at ${count(rate)}/s`, passage);
  const rows = await node.countRows();
  return { passage, rows, rate: rows / (passage.sent.seconds + passage.drainSeconds) };
}

function reportOf(found: Record<QueueName, readonly Round[]>): BenchmarkReport {
  const journal = spreadOf(found.journal.map(({ rate }) => rate));
  const bullmq = spreadOf(found.bullmq.map(({ rate }) => rate));
  const share = bullmq.median / journal.median;
  const failures = [
    ...QUEUES.flatMap((queue) => found[queue].flatMap((round) => faultsOf(queue, round))),
    ...(share >= TARGET_SHARE ? [] : [`${percent(share)} of the journal, below ${percent(TARGET_SHARE)}`]),
  ];
  return {
    title: 'The shared queue (Redis) against the journal, from the socket to committed rows',
    columns: ['queue', 'rows/s, median', 'lowest', 'highest', 'sent', 'count(*)', 'collector, cores'],
    rows: [
      rowOf('journal', journal, found.journal),
      rowOf('bullmq', bullmq, found.bullmq),
      ['share', percent(share), '', '', '', '', ''],
    ],
    notes: [
      `NetFlow v9, 20 fields, 20 exporters; rounds of each, in turn: ${found.journal.length}, at ${percent(HEADROOM)} of the highest rate that it was found to sustain for ${TRIAL_SECONDS} s. `,
      'PostgreSQL, Redis (appendonly, synced every second) and sender on the same machine; what they use is not in the last column. ',
    ],
    measured: { found, journal, bullmq, share },
    failures,
  };
}

function faultsOf(queue: QueueName, { passage, rows }: Round): string[] {
  const { sent, kernelDrops, drainSeconds } = passage;
  return [
    ...(rows === sent.records ? [] : [`${queue}: ${sent.records} records were sent, count(*) is ${rows}`]),
    ...(isSustained(passage)
      ? []
      : [`${queue}: not sustained, ${kernelDrops} kernel drops, drained in ${drainSeconds.toFixed(1)} s`]),
  ];
}

function rowOf(queue: QueueName, spread: Spread, rounds: readonly Round[]): string[] {
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const cores = sum(({ passage }) => passage.collectorCpuSeconds) / sum(({ passage }) => passage.sent.seconds);
  const sent = sum(({ passage }) => passage.sent.records);
  const rows = sum((round) => round.rows);
  const rates = [spread.median, spread.lowest, spread.highest].map(count);
  return [queue, ...rates, String(sent), String(rows), cores.toFixed(2)];
}
