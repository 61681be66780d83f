import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { liveAsChild } from '../../../src/processes/child-life.ts';
import { DogwatchError } from '../../../src/runtime/errors.ts';

/** What a test tells a puppet. */
export interface TestSays {
  readonly messages: {
    readonly act: 'hang' | 'throw' | 'exit' | 'kill';
    readonly say: string;
    readonly weigh: Uint8Array;
  };
  readonly requests: {
    readonly double: { readonly body: number; readonly answer: number };
    readonly never: { readonly body: undefined; readonly answer: string };
    readonly fail: { readonly body: undefined; readonly answer: string };
  };
}

export interface PuppetSays {
  readonly messages: { readonly said: string; readonly weighed: number };
  readonly requests: { readonly ask: { readonly body: string; readonly answer: string } };
}

export interface PuppetStart {
  readonly start?: 'fail' | 'throw' | 'never' | 'when orphaned';
  readonly stop?: 'never';
}

let howToStop: PuppetStart['stop'];

liveAsChild<TestSays, PuppetSays, PuppetStart>({
  async start({ start, stop }, channel) {
    howToStop = stop;
    if (start === 'fail') throw new DogwatchError('NO_STRINGS', 'there are no strings', { remedy: 'buy some' });
    if (start === 'throw') throw new TypeError('a knot');
    if (start === 'never') await new Promise(() => {});
    if (start === 'when orphaned') {
      channel.send('said', 'starting');
      await once(process, 'disconnect');
      await nextTurn();
      process.stderr.write('started\n');
    }
    channel.on('act', act);
    channel.on('say', (text) => void channel.request('ask', text, 1000).then((answer) => channel.send('said', answer)));
    channel.on('weigh', (bytes) => void channel.send('weighed', bytes.length));
    channel.answer('double', (number) => number * 2);
    channel.answer('never', () => new Promise<string>(() => {}));
    channel.answer('fail', () => {
      throw new Error('a string is torn');
    });
  },
  async stop() {
    process.stderr.write('stopping\n');
    if (howToStop === 'never') await new Promise(() => {});
  },
  orphan() {
    process.stderr.write('orphaned\n');
  },
  orphanMs: Number(process.env['PUPPET_ORPHAN_MS'] ?? 0),
});

function act(what: TestSays['messages']['act']): void {
  if (what === 'exit') process.exit(7);
  if (what === 'kill') process.kill(process.pid, 'SIGKILL');
  if (what === 'throw') throw new RangeError('an arm came off');
  for (;;);
}
