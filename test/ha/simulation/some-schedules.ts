/**
 * Runs schedules, outside of the test runner: that follows every promise, which takes three quarters of the time here.
 * A worker thread of simulation.test.ts; `workerData` says which seeds.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { runSchedule } from './schedule.ts';
import type { World } from './world.ts';

/** The seeds `first`, `first + step` … up to `last`. */
export interface Seeds {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Prints what happened in each. */
  readonly traced: boolean;
}

/** What came out of some schedules. */
export interface Outcome {
  readonly failures: readonly string[];
  readonly schedules: number;
  readonly moves: number;
  readonly commits: number;
  readonly longestDarkMs: number;
}

/** So many failing seeds say enough. */
const MOST_FAILURES = 5;

async function runAll({ first, last, step, traced }: Seeds): Promise<Outcome> {
  const failures: string[] = [];
  let [schedules, moves, commits, longestDarkMs] = [0, 0, 0, 0];
  for (let seed = first; seed <= last && failures.length < MOST_FAILURES; seed += step) {
    const world = await runSchedule(seed);
    schedules += 1;
    longestDarkMs = Math.max(longestDarkMs, world.invariants.longestDarkMs);
    moves += world.invariants.moves;
    commits += world.invariants.commits;
    if (traced) process.stderr.write(`${world.trace.join('\n')}\n`);
    if (world.invariants.violations.length > 0) failures.push(storyOf(seed, world));
  }
  return { failures, schedules, moves, commits, longestDarkMs };
}

function storyOf(seed: number, world: World): string {
  const first = world.trace.findIndex((line) => line.includes('WRONG'));
  const story = world.trace.slice(0, first < 0 ? undefined : first + 3).slice(-40);
  return `SIM_SEED=${seed} replays this: ${world.invariants.violations.join('; ')}\n${story.join('\n')}`;
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a worker thread has none
parentPort?.postMessage(await runAll(workerData));
