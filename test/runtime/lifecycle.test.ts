import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Component, Lifecycle } from '../../src/runtime/lifecycle.ts';
import { createLog } from '../../src/runtime/log.ts';

/** A component that notes what is done to it. */
function noting(name: string, notes: string[], stop: () => Promise<void> = async () => {}): Component {
  return {
    name,
    async start() {
      notes.push(`start ${name}`);
    },
    async stop() {
      notes.push(`stop ${name}`);
      await stop();
    },
  };
}

test('what started last stops first', async () => {
  const notes: string[] = [];
  const lifecycle = new Lifecycle(
    createLog('error', () => {}),
    1000,
  );
  for (const name of ['database', 'writer', 'listener']) await lifecycle.start(noting(name, notes));
  await lifecycle.stop();
  assert.deepEqual(notes.slice(3), ['stop listener', 'stop writer', 'stop database']);
});

test('a part that hangs or fails on stop is named, and the others stop all the same', async () => {
  const notes: string[] = [];
  const lines: string[] = [];
  const lifecycle = new Lifecycle(
    createLog('error', (line) => lines.push(line)),
    20,
  );
  await lifecycle.start(noting('database', notes));
  await lifecycle.start(noting('hanging', notes, () => new Promise(() => {})));
  await lifecycle.start(noting('failing', notes, () => Promise.reject(new Error('no way'))));
  await lifecycle.stop();
  assert.ok(notes.includes('stop database'));
  assert.match(lines.join(''), /"component":"failing","error":"no way"/);
  assert.match(lines.join(''), /"component":"hanging","error":"hanging took longer than 20 ms"/);
});

test('a part whose start fails is stopped as well, since it may have begun', async () => {
  const notes: string[] = [];
  const lifecycle = new Lifecycle(
    createLog('error', () => {}),
    1000,
  );
  const broken = { ...noting('broken', notes), start: () => Promise.reject(new Error('no')) };
  await assert.rejects(lifecycle.start(broken), /no/);
  await lifecycle.stop();
  assert.deepEqual(notes, ['stop broken']);
});
