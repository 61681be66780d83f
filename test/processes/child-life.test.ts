import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { eventually } from '../support/processes.ts';
import { forkPuppet } from './forked.ts';

test('a child bears its name in the process list', async (t) => {
  const { child } = await forkPuppet(t);
  assert.match(readFileSync(`/proc/${child.pid}/cmdline`, 'latin1'), /^dogwatch puppet 1/);
});

test('signals to the whole group do not end a child: it answers, and stops when it is told', async (t) => {
  const { child, channel, exited } = await forkPuppet(t);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) child.kill(signal);
  assert.equal(await channel.request('double', 2, 5000), 4);
  channel.send('life.stop', undefined);
  assert.deepEqual(await exited, [0, null]);
});

test('a child shows signs of life without being asked', async (t) => {
  const { channel } = await forkPuppet(t);
  let signs = 0;
  await new Promise<void>((resolve) => {
    channel.on('life.sign', () => (signs += 1) === 3 && resolve());
  });
});

test('a start that fails is told with its code and remedy, and ends the process', async (t) => {
  const { failed, exited } = await forkPuppet(t, { start: 'fail' });
  assert.deepEqual(await failed, { code: 'NO_STRINGS', message: 'there are no strings', remedy: 'buy some' });
  assert.deepEqual(await exited, [1, null]);
});

test('a child whose parent goes away ends, also where its orderly stop does not', async (t) => {
  const { child, exited } = await forkPuppet(t, { stop: 'never' });
  child.disconnect();
  assert.deepEqual(await exited, [1, null]);
});

test('an orphan that may go on for a while ends in order at a signal', async (t) => {
  const { child, exited } = await forkPuppet(t, {}, undefined, 60_000);
  child.disconnect();
  await once(child, 'disconnect');
  child.kill('SIGTERM');
  // 1 would be the end of all patience with orphans.
  assert.deepEqual(await exited, [0, null]);
});

test('an orphan that is still starting starts before it stops: it is told, and what it was given to read is in no other hands', async (t) => {
  const { child, exited } = await forkPuppet(t, { start: 'when orphaned' }, undefined, 1);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.disconnect();
  assert.deepEqual(await exited, [0, null]);
  await eventually('its last words are read', () => said.includes('stopping'));
  assert.deepEqual(said.split('\n').filter(Boolean), ['orphaned', 'started', 'stopping']);
});
