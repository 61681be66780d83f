import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Host } from '../../scenarios/lab/host.ts';
import { whyNoNamespaces } from '../../scenarios/lab/ip.ts';
import { Segment } from '../../scenarios/lab/segment.ts';
import { compare, type Outcome } from '../../scenarios/lab/traffic/compare.ts';
import { NumberedExporter } from '../../scenarios/lab/traffic/exporter.ts';
import { skipWithout } from '../../support/packages.ts';
import { temporaryDirectory } from '../../support/postgres.ts';
import { Holder, VIRTUAL_IP, VIRTUAL_IP6 } from './holder.ts';

const skip = whyNoNamespaces() || skipWithout('arping', 'ndptool', 'ndisc6');
const COUNTER = fileURLToPath(new URL('programs/counter.ts', import.meta.url));
const SPAN_MS = 20_000;
/** Of traffic before, between the steps, and after. */
const STRETCH_MS = 500;

suite('a planned switchover of the address', { skip }, () => {
  const segment = new Segment();
  let a: Host;
  let b: Host;
  let exporter: Host;
  let onA: Holder;
  let onB: Holder;

  before(async () => {
    await segment.start();
    a = await segment.addHost('a', 1);
    b = await segment.addHost('b', 2);
    exporter = await segment.addHost('exporter', 3);
    onA = await Holder.start(a);
    onB = await Holder.start(b);
  });
  after(() => segment.remove());

  for (const target of [VIRTUAL_IP, VIRTUAL_IP6]) {
    test(`loses nothing and doubles nothing at 2,000 datagrams a second to ${target}`, async () => {
      const outcome = await switchOver(target, async () => {
        await onA.linger(SPAN_MS);
        await onB.hold(SPAN_MS);
        await onB.announce();
        await pause(STRETCH_MS);
        await onA.release();
      });
      assert.deepEqual(outcome.gaps, []);
      assert.equal(outcome.double, 0);
      assert.ok(outcome.sent > 1000, `${outcome.sent} sent`);
    });
  }

  /** Traffic from before `steps`, which move the address from a to b, until after them. */
  async function switchOver(target: string, steps: () => Promise<void>): Promise<Outcome> {
    const counters = [await startCounter(a), await startCounter(b)];
    await onB.release();
    await onA.hold(SPAN_MS);
    await onA.announce();
    const recordFile = join(await temporaryDirectory(), 'sent');
    const settings = { kind: 'netflow5', domain: 1, target, port: 2055, perSecond: 2000, recordFile } as const;
    const sender = await NumberedExporter.start(exporter, settings);
    await pause(STRETCH_MS);
    await steps();
    await pause(STRETCH_MS);
    await sender.stop();
    await pause(STRETCH_MS); // what is on its way arrives
    const [byA, byB] = [await numbersOf(counters[0]), await numbersOf(counters[1])];
    assert.ok(byA.length > 0 && byB.length > 0, `a had ${byA.length}, b ${byB.length}`);
    return compare(await sender.sendTimes(), [...byA, ...byB]);
  }
});

async function startCounter(host: Host): Promise<ChildProcess> {
  const child = host.start(process.execPath, [COUNTER], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

/** Ends the counter. */
async function numbersOf(counter: ChildProcess | undefined): Promise<number[]> {
  if (counter === undefined) return [];
  counter.send('tell');
  const [numbers]: number[][] = await once(counter, 'message');
  const ended = once(counter, 'exit');
  counter.disconnect();
  await ended;
  return numbers ?? [];
}
