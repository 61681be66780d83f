import { setTimeout as pause } from 'node:timers/promises';
import { skipWithout } from '../test/support/packages.ts';
import { whyNoNamespaces } from '../test/scenarios/lab/ip.ts';
import { keepalivedPowerOff } from '../test/scenarios/lab/keepalived.ts';
import { Lab } from '../test/scenarios/lab/lab.ts';
import { RunningPair } from '../test/scenarios/lab/running-pair.ts';
import { type RunOutcome, outcomesOfRuns, type Measured } from './support/failover-runs.ts';
import type { BenchmarkReport } from './support/report.ts';
import { spreadOf } from './support/statistics.ts';

/** So that faults meet a beat at any moment of it. */
const BEFORE_MS = 700;
const BEFORE_SPREAD_MS = 800;
/** A worker that dies again within ten seconds is started later and later, as one that cannot live. */
const WORKER_LIVES_MS = 10_500;
const MOST_TRIES = 3;
/** Of the baseline: each starts a lab of its own. */
const MOST_BASELINE_RUNS = 5;

const PROFILES = {
  defaults: {},
  fast: { beat: '150ms', lease: '1100ms', takeoverWindow: '1775ms' },
} as const;
export type Profile = keyof typeof PROFILES;
export const PROFILE_NAMES = ['defaults', 'fast'] as const satisfies readonly Profile[];

/** What is done to the active node; afterwards the pair recovers by itself, or whoever was killed is started. */
const FAULTS = {
  'power-off': async (pair: RunningPair, from: RunningPair['a']) => {
    await pair.lab.faults.powerOff(from.host);
    await pair.becomes(pair.other(from), 'active');
  },
  'kill -9 of the keeper': async (pair: RunningPair, from: RunningPair['a']) => {
    from.killKeeper();
    await pair.becomes(pair.other(from), 'active');
  },
  SIGSTOP: async (pair: RunningPair, from: RunningPair['a']) => {
    await pair.lab.faults.freeze(from.host);
    await pair.becomes(pair.other(from), 'active');
    await pair.lab.faults.thaw(from.host);
    await pair.becomes(from, 'standby');
    // A node that loses the role three times in ten minutes is kept away from it: a new run has lost nothing yet.
    await from.stop();
  },
  switchover: async (pair: RunningPair, from: RunningPair['a']) => {
    await switchedOver(pair, from);
    await pair.becomes(pair.other(from), 'active');
  },
  'kill -9 of a worker': async (_pair: RunningPair, from: RunningPair['a']) => {
    const killed = await from.host.signal(/^dogwatch worker/, 'SIGKILL');
    if (killed.length === 0) throw new Error('there was no worker to kill');
    await pause(WORKER_LIVES_MS);
  },
} as const;
type Fault = keyof typeof FAULTS;

/** The fast profile is about the host that dies; a switchover should cost it no more. */
const FAULTS_OF: Readonly<Record<Profile, readonly Fault[]>> = {
  defaults: ['power-off', 'kill -9 of the keeper', 'SIGSTOP', 'switchover', 'kill -9 of a worker'],
  fast: ['power-off', 'switchover'],
};

/** Milliseconds: the longest gap that any run may have. */
const WORST_MS: Readonly<Record<Profile, number>> = { defaults: 3500, fast: 2000 };
const LOSES_NOTHING: ReadonlySet<string> = new Set<Fault>(['switchover', 'kill -9 of a worker']);

export interface FailoverOptions {
  readonly runs: number;
  /** Datagrams a second, of one exporter of NetFlow v9 that sends its template once. */
  readonly perSecond: number;
  /** With which spans of time; both where nothing is said. */
  readonly profiles?: readonly Profile[];
}

/** A successor that is not ready for a moment is waited for, as an operator would. */
async function switchedOver(pair: RunningPair, from: RunningPair['a']): Promise<void> {
  for (let tries = MOST_TRIES; ; tries -= 1) {
    try {
      await from.command('switchover');
      return;
    } catch (error) {
      const findings = (await pair.status(from))?.peer?.readiness.findings ?? [];
      process.stderr.write(`${String(error)}: ${JSON.stringify(findings.filter(({ state }) => state === 'fail'))}\n`);
      if (tries === 0) throw error;
      await pair.isWell();
    }
  }
}

/** How long nothing is received, and what is lost, when the active node fails in each way; keepalived as the baseline. */
export async function benchmarkFailover(options: FailoverOptions): Promise<BenchmarkReport> {
  const { runs, perSecond, profiles = PROFILE_NAMES } = options;
  const lacks = whyNoNamespaces() || skipWithout('ip', 'bridge', 'arping', 'keepalived');
  if (lacks !== false) throw new Error(lacks);
  const measured: Measured[] = [];
  for (const profile of profiles) {
    const lab = await Lab.start();
    try {
      const pair = await RunningPair.start(lab, { ha: PROFILES[profile] });
      for (const fault of FAULTS_OF[profile]) {
        measured.push({ who: 'dogwatch', profile, fault, runs: await measureFault(pair, fault, runs, perSecond) });
      }
    } finally {
      await lab.remove();
    }
  }
  measured.push(await measureBaseline(Math.min(runs, MOST_BASELINE_RUNS), perSecond));
  return reportOf(measured, perSecond);
}

/** One exporter sends all the while; each run is the time from its fault to the next one. */
async function measureFault(
  pair: RunningPair,
  fault: Fault,
  runs: number,
  perSecond: number,
): Promise<readonly RunOutcome[]> {
  await pair.recover();
  const exporter = await pair.lab.startExporter({ kind: 'netflow9', perSecond });
  const starts: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const from = await pair.recover();
    await pause(BEFORE_MS + Math.random() * BEFORE_SPREAD_MS);
    starts.push(performance.timeOrigin + performance.now());
    await FAULTS[fault](pair, from);
    process.stderr.write(`${fault}, run ${run + 1} of ${runs}\n`);
  }
  await pair.recover();
  await pause(BEFORE_MS);
  await exporter.stop();
  await pair.isWritten();
  const outcome = await pair.lab.settle(exporter);
  const found = outcomesOfRuns(outcome, await exporter.sendTimes(), starts);
  process.stderr.write(`${fault}: gaps of ${found.map(({ gapMs }) => Math.round(gapMs)).join(', ')} ms\n`);
  return found;
}

async function measureBaseline(runs: number, perSecond: number): Promise<Measured> {
  const found: RunOutcome[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { longestGapMs, missing, double } = await keepalivedPowerOff(perSecond);
    found.push({ gapMs: longestGapMs, lost: missing, double });
    process.stderr.write(`keepalived: a gap of ${longestGapMs} ms\n`);
  }
  return { who: 'keepalived', profile: 'defaults', fault: 'power-off', runs: found };
}

function reportOf(measured: readonly Measured[], perSecond: number): BenchmarkReport {
  return {
    title: 'Failover: how long nothing is received, and what is lost',
    columns: ['who', 'timing', 'fault', 'runs', 'gap ms, median', 'worst', 'lost, median', 'worst', 'double'],
    rows: measured.map(rowOf),
    notes: [
      `Two nodes, exporter and database in network namespaces on one bridge; one exporter, ${perSecond} datagrams/s of NetFlow v9, its template sent once. `,
      'The gap is by the record of the exporter: from the last datagram that was stored to the next one. ',
      'keepalived with its defaults moves the address between two plain collectors, without a fence. ',
    ],
    measured,
    failures: measured.flatMap(failuresOf),
  };
}

function rowOf({ who, profile, fault, runs }: Measured): string[] {
  const gap = spreadOf(runs.map(({ gapMs }) => gapMs));
  const lost = spreadOf(runs.map((run) => run.lost));
  const double = runs.reduce((sum, run) => sum + run.double, 0);
  const figures = [gap.median, gap.highest, lost.median, lost.highest].map((value) => String(Math.round(value)));
  return [who, profile, fault, String(runs.length), ...figures, String(double)];
}

function failuresOf({ who, profile, fault, runs }: Measured): string[] {
  if (who !== 'dogwatch') return [];
  const name = `${fault} (${profile})`;
  const worst = Math.max(...runs.map(({ gapMs }) => gapMs));
  const lost = runs.reduce((sum, run) => sum + run.lost, 0);
  const most = WORST_MS[profile === 'fast' ? 'fast' : 'defaults'];
  return [
    ...(fault === 'power-off' && worst > most ? [`${name}: a gap of ${Math.round(worst)} ms, above ${most} ms`] : []),
    ...(LOSES_NOTHING.has(fault) && lost > 0 ? [`${name}: ${lost} datagrams were lost`] : []),
    ...(runs.some(({ double }) => double > 0) ? [`${name}: datagrams are stored twice`] : []),
  ];
}
