import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { Channel } from '../../src/processes/channel.ts';
import type { ChildSays, ParentSays } from '../../src/processes/life.ts';
import type { PuppetSays, PuppetStart, TestSays } from './programs/puppet.ts';

export const PUPPET = join(import.meta.dirname, 'programs/puppet.ts');

/** A puppet with its assignment, and the channel to it; killed when the test ends. */
export async function forkPuppet(t: TestContext, start: PuppetStart = {}, maxUnsentBytes?: number, orphanMs = 0) {
  const child = fork(PUPPET, {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: { ...process.env, PUPPET_ORPHAN_MS: String(orphanMs) },
  });
  t.after(() => child.kill('SIGKILL'));
  const channel = new Channel<ChildSays<PuppetSays>, ParentSays<TestSays>>(child, maxUnsentBytes);
  const ready = new Promise<void>((resolve) => channel.on('life.ready', () => resolve()));
  const failed = new Promise((resolve) => channel.on('life.failed', resolve));
  const exited = once(child, 'exit');
  channel.send('life.assign', { name: 'puppet 1', start });
  const starting = new Promise<void>((resolve) => channel.on('said', () => resolve()));
  await Promise.race([ready, starting, exited]);
  return { child, channel, failed, exited };
}
