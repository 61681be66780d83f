/**
 * The role of both nodes in a simulated world, under schedules of faults that are drawn from a seed.
 *
 *   SIM_SCHEDULES=100000   how many schedules (1,000 without it)
 *   SIM_SEED=42            that one alone, with its trace
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSchedule } from './schedule.ts';
import type { World } from './world.ts';

const SCHEDULES = Number(process.env['SIM_SCHEDULES'] ?? 1000);
const SEED = process.env['SIM_SEED'];
/** So many failing seeds say enough. */
const MOST_FAILURES = 5;

test('whatever fails, at most one node is active, somebody listens, and in the end one node is active', async (context) => {
  const failures: string[] = [];
  const seeds = SEED === undefined ? Array.from({ length: SCHEDULES }, (_, index) => index + 1) : [Number(SEED)];
  let longestDarkMs = 0;
  let moves = 0;
  let commits = 0;
  for (const seed of seeds) {
    const world = await runSchedule(seed);
    longestDarkMs = Math.max(longestDarkMs, world.invariants.longestDarkMs);
    moves += world.invariants.moves;
    commits += world.invariants.commits;
    if (SEED !== undefined) process.stderr.write(`${world.trace.join('\n')}\n`);
    if (world.invariants.violations.length > 0) failures.push(storyOf(seed, world));
    if (failures.length >= MOST_FAILURES) break;
  }
  context.diagnostic(
    `${seeds.length} schedules, ${moves} moves, ${commits} commits of singletons, dark for ${(longestDarkMs / 1000).toFixed(1)} s at most`,
  );
  assert.equal(failures.length, 0, failures.join('\n\n'));
  assert.ok(commits > 0);
});

function storyOf(seed: number, world: World): string {
  const first = world.trace.findIndex((line) => line.includes('WRONG'));
  const story = world.trace.slice(0, first < 0 ? undefined : first + 3).slice(-40);
  return `SIM_SEED=${seed} replays this: ${world.invariants.violations.join('; ')}\n${story.join('\n')}`;
}
