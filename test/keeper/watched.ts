import { once } from 'node:events';
import type { TestContext } from 'node:test';

import { WatchedChild, type WatchedChildOptions } from '../../src/keeper/watched-child.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { PUPPET } from '../processes/forked.ts';
import type { PuppetSays, PuppetStart, TestSays } from '../processes/programs/puppet.ts';
import { LogLines } from '../support/hand-clock.ts';
import { EventEmitter } from 'node:events';

type Options = Partial<WatchedChildOptions<PuppetSays, TestSays>>;

/** A watched puppet, not started; stopped when the test ends. */
export function watchPuppet(t: TestContext, start: PuppetStart = {}, options: Options = {}) {
  const lines = new LogLines();
  const events = new EventEmitter();
  const child = new WatchedChild<PuppetSays, TestSays>(
    {
      name: 'puppet 1',
      entry: PUPPET,
      assign: () => start,
      onReady: () => events.emit('ready'),
      onDeath: () => events.emit('death'),
      stopMs: 100,
      ...options,
    },
    systemClock,
    lines.log,
  );
  t.after(() => child.stop());
  return { child, lines, next: (event: 'ready' | 'death') => once(events, event) };
}
