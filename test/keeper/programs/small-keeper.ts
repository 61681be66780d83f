import { join } from 'node:path';

import { Spare } from '../../../src/keeper/spare.ts';
import { WatchedChild } from '../../../src/keeper/watched-child.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createLog } from '../../../src/runtime/log.ts';
import type { PuppetSays, TestSays } from '../../processes/programs/puppet.ts';

export interface Family {
  readonly children: readonly number[];
  readonly spare: number;
}

// A keeper of two puppets and a spare one; says on standard output which processes they are, each time that one is ready.
const entry = join(import.meta.dirname, '../../processes/programs/puppet.ts');
const log = createLog('info');
const spare = new Spare<PuppetSays, TestSays>('spare puppet', { entry }, systemClock, log);
const children = [1, 2].map((number) => {
  const options = { name: `puppet ${number}`, entry, assign: () => ({}), stopMs: 1000, spare };
  return new WatchedChild<PuppetSays, TestSays>(options, systemClock, log);
});
for (const child of children) await child.start();
await spare.start();
while (!spare.isReady) await new Promise((resolve) => setTimeout(resolve, 10));
const family: Family = { children: children.map(({ pid }) => pid ?? 0), spare: spare.pid ?? 0 };
process.stdout.write(`${JSON.stringify(family)}\n`);
