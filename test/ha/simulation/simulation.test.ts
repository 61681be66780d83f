/**
 * The role of both nodes in a simulated world, under schedules of faults that are drawn from a seed.
 *
 *   SIM_SCHEDULES=100000   how many schedules (1,000 without it)
 *   SIM_SEED=42            that one alone, with its trace
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Outcome, Seeds } from './some-schedules.ts';

const SCHEDULES = Number(process.env['SIM_SCHEDULES'] ?? 1000);
const SEED = process.env['SIM_SEED'];

test('whatever fails, at most one node is active, somebody listens, and in the end one node is active', async (context) => {
  const outcomes = await Promise.all(shares().map(outcomeOf));
  const sum = (key: 'schedules' | 'moves' | 'commits'): number =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  const darkMs = Math.max(...outcomes.map(({ longestDarkMs }) => longestDarkMs));
  context.diagnostic(
    `${sum('schedules')} schedules, ${sum('moves')} moves, ${sum('commits')} commits of singletons, ` +
      `dark for ${(darkMs / 1000).toFixed(1)} s at most`,
  );
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  assert.equal(failures.length, 0, failures.join('\n\n'));
  assert.equal(sum('schedules'), SEED === undefined ? SCHEDULES : 1);
  assert.ok(sum('commits') > 0);
});

function shares(): Seeds[] {
  if (SEED !== undefined) return [{ first: Number(SEED), last: Number(SEED), step: 1, traced: true }];
  const step = availableParallelism();
  return Array.from({ length: step }, (_, index) => ({ first: index + 1, last: SCHEDULES, step, traced: false }));
}

async function outcomeOf(seeds: Seeds): Promise<Outcome> {
  const worker = new Worker(new URL('some-schedules.ts', import.meta.url), { workerData: seeds });
  const [outcome] = await once(worker, 'message');
  return outcome;
}
