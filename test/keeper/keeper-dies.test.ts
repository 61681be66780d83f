import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { eventually } from '../support/processes.ts';
import type { Family } from './programs/small-keeper.ts';

/** A process that keeps two puppets and a spare. */
async function startKeeper(t: TestContext) {
  const program = join(import.meta.dirname, 'programs/small-keeper.ts');
  const keeper = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const [line]: unknown[] = await once(createInterface(keeper.stdout), 'line');
  const family: Family = JSON.parse(String(line));
  t.after(() => {
    keeper.kill('SIGKILL');
    for (const pid of [...family.children, family.spare]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { keeper, family, log: () => log };
}

test('no child survives its keeper', async (t) => {
  const { keeper, family } = await startKeeper(t);
  keeper.kill('SIGKILL');
  const all = [...family.children, family.spare];
  await eventually('all children are gone', () => !all.some(isAlive), 10_000);
});

test('a keeper that did not run for a while does not take its children for dead', async (t) => {
  const { keeper, family, log } = await startKeeper(t);
  keeper.kill('SIGSTOP');
  // Longer than a child may be silent: the passing of time is what is tested.
  await pause(5000);
  keeper.kill('SIGCONT');
  // It still watches: a child that is stopped for as long is replaced, and that one alone.
  const [first = 0, second = 0] = family.children;
  process.kill(first, 'SIGSTOP');
  const deaths = (): number => log().match(/a process died/g)?.length ?? 0;
  // The keeper tells of it a moment after it is gone.
  await eventually('the stopped child is gone, and told of', () => !isAlive(first) && deaths() > 0);
  assert.equal(isAlive(second), true);
  assert.equal(deaths(), 1);
});

/** A zombie, which nobody reaps where there is no init, is as dead as can be. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}
