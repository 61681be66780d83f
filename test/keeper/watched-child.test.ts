import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Spare } from '../../src/keeper/spare.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { PUPPET } from '../processes/forked.ts';
import type { PuppetSays, TestSays } from '../processes/programs/puppet.ts';
import { eventually } from '../support/processes.ts';
import { watchPuppet } from './watched.ts';

test('a child that is killed has a successor, which does the same work', async (t) => {
  const { child, next } = watchPuppet(t);
  await child.start();
  const first = child.pid;
  child.channel?.send('act', 'kill');
  await next('ready');
  assert.notEqual(child.pid, first);
  assert.equal(child.restarts, 1);
  assert.equal(await child.channel?.request('double', 4, 5000), 8);
  assert.equal(child.trouble, undefined);
});

test('a child that hangs is killed and replaced', async (t) => {
  const { child, lines, next } = watchPuppet(t);
  await child.start();
  child.channel?.send('act', 'hang');
  await next('ready');
  assert.equal(lines.all()[0]?.['signal'], 'SIGKILL');
  assert.match(String(lines.all()[0]?.['reason']), /no sign of life/);
});

test('three deaths in quick succession are reported with the last words, and it goes on trying', async (t) => {
  const { child, lines, next } = watchPuppet(t);
  await child.start();
  for (let deaths = 0; deaths < 3; deaths += 1) {
    child.channel?.send('act', 'throw');
    await next('ready');
  }
  assert.match(child.trouble ?? '', /an arm came off/);
  const last = lines.all().at(-1);
  assert.equal(last?.['level'], 50);
  assert.equal(last['process'], 'puppet 1');
  assert.match(String(last['lastLines']), /RangeError: an arm came off/);
  assert.equal(child.state, 'running');
});

test('a first start that fails by its own word is the failure of who started it', async (t) => {
  const { child } = watchPuppet(t, { start: 'fail' });
  await assert.rejects(child.start(), { code: 'NO_STRINGS', message: 'there are no strings', remedy: 'buy some' });
  assert.equal(child.state, 'stopped');
});

test('a defect in the first start is told with its stack', async (t) => {
  const { child } = watchPuppet(t, { start: 'throw' });
  await assert.rejects(child.start(), { code: 'CHILD_FAILED', message: /a knot[\s\S]*puppet\.ts/ });
});

test('a program that cannot even load is given up after three tries', async (t) => {
  const { child, lines } = watchPuppet(t, {}, { entry: `${PUPPET}.missing` });
  await assert.rejects(child.start(), { code: 'CHILD_FAILED', message: /Cannot find module/ });
  assert.equal(lines.all().length, 3);
});

test('stop lets it end by itself', async (t) => {
  const { child, lines } = watchPuppet(t, {}, { stopMs: 10_000 });
  await child.start();
  const { pid } = child;
  await child.stop();
  assert.equal(isAlive(pid), false);
  assert.equal(child.state, 'stopped');
  assert.equal(lines.all().length, 0);
});

test('stop ends it by force where it does not', async (t) => {
  const { child } = watchPuppet(t, { stop: 'never' });
  await child.start();
  const { pid } = child;
  await child.stop();
  assert.equal(isAlive(pid), false);
});

test('stop while it starts ends both', async (t) => {
  const { child } = watchPuppet(t, { start: 'never' });
  const started = child.start();
  const rejected = assert.rejects(started, { code: 'CHILD_FAILED' });
  await child.stop();
  await rejected;
  assert.equal(child.state, 'stopped');
});

test('a spare takes the place of a child that died, and another spare is made', async (t) => {
  const spare = new Spare<PuppetSays, TestSays>('spare puppet', { entry: PUPPET }, systemClock, silentLog);
  t.after(() => spare.stop());
  const { child, next } = watchPuppet(t, {}, { spare });
  await child.start();
  await spare.start();
  await eventually('the spare is loaded', () => spare.isReady);
  const successor = spare.pid;
  child.channel?.send('act', 'kill');
  await next('ready');
  assert.equal(child.pid, successor);
  assert.equal(await child.channel?.request('double', 5, 5000), 10);
  await eventually('there is another spare', () => spare.isReady && spare.pid !== successor);
});

test('a spare that dies is replaced', async (t) => {
  const spare = new Spare<PuppetSays, TestSays>('spare puppet', { entry: PUPPET }, systemClock, silentLog);
  t.after(() => spare.stop());
  await spare.start();
  await eventually('the spare is loaded', () => spare.isReady);
  const first = spare.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await eventually('there is another spare', () => spare.isReady && spare.pid !== first);
});

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
