import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { type Greeting, Handshake } from '../../../ha/peer/beats/handshake.ts';
import type { Hello } from '../../../ha/peer/beats/hello.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { SECRET } from './linked.ts';

/** A run of a node that greets, and answers, over a network that the test is. */
class Side {
  readonly handshake = new Handshake(SECRET);
  readonly #session = randomBytes(16);
  readonly #say: (hello: Hello) => void;

  constructor(say: (hello: Hello) => void) {
    this.#say = say;
  }

  greet(): void {
    this.#tell(this.handshake.greet());
  }

  hear(hello: Hello): string {
    const { outcome, reply } = this.handshake.hear(hello);
    if (reply !== undefined) this.#tell(reply);
    return outcome;
  }

  #tell(greeting: Greeting): void {
    this.#say({ ...greeting, version: 1, session: this.#session, node: '', program: '' });
  }
}

/** Two sides, and the hellos that are on their way. */
class Network {
  readonly onWay: { readonly to: 0 | 1; readonly hello: Hello }[] = [];
  readonly recorded: { readonly to: 0 | 1; readonly hello: Hello }[] = [];
  readonly sides: [Side, Side] = [this.#newSide(1), this.#newSide(0)];

  restart(which: 0 | 1): void {
    this.sides[which] = this.#newSide(which === 0 ? 1 : 0);
  }

  deliver(index: number, keep = false): void {
    const next = keep ? this.onWay[index] : this.onWay.splice(index, 1)[0];
    if (next !== undefined) this.sides[next.to].hear(next.hello);
  }

  deliverAll(): void {
    for (let turns = 0; this.onWay.length > 0; turns += 1) {
      assert.ok(turns < 500, 'hellos beget hellos without end');
      this.deliver(0);
    }
  }

  /** Whether a beat of one is opened by the other; it is confirmed then, as the link does. */
  beats(from: 0 | 1): boolean {
    const to = this.sides[from === 0 ? 1 : 0].handshake;
    const bytes = this.sides[from].handshake.sending?.seal(Buffer.alloc(60));
    const keys = bytes === undefined ? undefined : to.find(bytes);
    if (bytes === undefined || keys?.open(bytes) === undefined) return false;
    to.confirm(keys);
    return true;
  }

  #newSide(to: 0 | 1): Side {
    return new Side((hello) => {
      this.onWay.push({ to, hello });
      this.recorded.push({ to, hello });
    });
  }
}

test('three hellos make keys that both have', () => {
  const network = new Network();
  network.sides[0].greet();
  network.deliverAll();
  assert.ok(network.beats(0) && network.beats(1));
});

test('a hello of an earlier exchange proves nothing', () => {
  const network = new Network();
  network.sides[0].greet();
  network.deliverAll();
  const outcomes = network.recorded.map(({ to, hello }) => network.sides[to].hear(hello));
  assert.ok(!outcomes.includes('proven'));
  network.restart(1);
  const toNewRun = network.recorded.filter(({ to }) => to === 1);
  assert.ok(!toNewRun.some(({ hello }) => network.sides[1].hear(hello) === 'proven'));
});

test('whatever the network does to hellos, and whoever restarts, both have the same keys soon after it ends', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = randomNumbers(seed);
    const network = new Network();
    for (let step = 0; step < 60; step += 1) {
      const side = random(2) === 0 ? 0 : 1;
      const index = random(Math.max(1, network.onWay.length));
      const faults = [
        () => network.sides[side].greet(),
        () => network.deliver(index),
        () => network.deliver(index, true),
        () => network.onWay.splice(index, 1),
        () => network.beats(side),
        () => random(4) === 0 && network.restart(side),
        () => network.onWay.push(...network.recorded.slice(-1 - random(20)).slice(0, 1)),
      ];
      faults[random(faults.length)]?.();
    }
    network.onWay.splice(0);
    let heard = [false, false];
    for (let ticks = 0; ticks < 6 && heard.includes(false); ticks += 1) {
      // Who hears nothing greets, as the link does.
      if (heard[0] === false) network.sides[0].greet();
      if (heard[1] === false) network.sides[1].greet();
      network.deliverAll();
      heard = [network.beats(1), network.beats(0)];
    }
    assert.deepEqual(heard, [true, true], `seed ${seed}`);
  }
});
