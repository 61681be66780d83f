import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ForkedChild } from '../../src/keeper/forked-child.ts';
import type { LifeOnly } from '../../src/processes/life.ts';

test('signals to the whole group do not end a child that still loads', async (t) => {
  const entry = fileURLToPath(new URL('./programs/slow.ts', import.meta.url));
  let hear = (): void => {};
  const loading = new Promise<void>((resolve) => (hear = resolve));
  const child = new ForkedChild<LifeOnly, LifeOnly>({ entry, say: () => hear() });
  t.after(() => child.kill('SIGKILL'));
  await loading;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.kill(child.pid ?? 0, signal);
  const { code, signal } = await child.died;
  assert.deepEqual({ code, signal }, { code: 9, signal: null });
});
