import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skipWithout } from '../../support/packages.ts';
import { eventually } from '../../support/processes.ts';
import { Faults } from './faults.ts';
import type { Host } from './host.ts';
import { whyNoNamespaces } from './ip.ts';
import { removeLeftovers, Segment } from './segment.ts';

const skip = whyNoNamespaces() || skipWithout('ip', 'bridge', 'ping', 'arping');

suite('the faults of the lab', { skip }, () => {
  const segment = new Segment();
  const faults = new Faults(segment);
  let a: Host;
  let b: Host;
  let c: Host;

  before(async () => {
    await segment.start();
    a = await segment.addHost('a', 1);
    b = await segment.addHost('b', 2);
    c = await segment.addHost('c', 3);
  });
  afterEach(() => faults.healAll());
  after(() => segment.remove());

  test('every machine reaches every other, by IPv4 and IPv6', async () => {
    assert.equal(await reaches(a, b.address), true);
    assert.equal(await reaches(b, c.address6), true);
  });

  test('a cut is silent, concerns one pair, and heals', async () => {
    await faults.cut(b, a);
    assert.equal(await reaches(a, b.address), false, 'the answer does not come back');
    assert.equal(await reaches(a, c.address), true);
    assert.equal(await reaches(b, c.address), true);
    await faults.heal(b, a);
    assert.equal(await reaches(a, b.address), true);
  });

  test('an isolated machine still sees its link, one without a cable does not', async () => {
    await faults.isolate(a);
    assert.equal(await reaches(b, a.address), false);
    assert.match(await a.ip('link', 'show', 'dev', a.interface), /LOWER_UP/);
    await faults.healAll();
    assert.equal(await reaches(b, a.address), true);
    await faults.pullCable(a);
    assert.match(await a.ip('link', 'show', 'dev', a.interface), /NO-CARRIER/);
    await faults.healAll();
    assert.equal(await reaches(b, a.address), true);
  });

  test('after a power-off nothing runs, or stands still until the power is back', async () => {
    a.start('sleep', ['300'], { stdio: 'ignore' });
    await eventually('it runs', async () => (await a.pids()).length === 1);
    await faults.powerOff(a, 'SIGSTOP');
    assert.deepEqual(await states(a), ['T']);
    assert.equal(await reaches(b, a.address), false);
    await faults.powerOn(a);
    assert.deepEqual(await states(a), ['S']);
    await faults.powerOff(a);
    await eventually('nothing runs', async () => (await a.pids()).length === 0);
  });

  test('a signal reaches the processes that it names and no others', async () => {
    b.start('sleep', ['300'], { stdio: 'ignore' });
    b.start('sleep', ['301'], { stdio: 'ignore' });
    await eventually('both run', async () => (await b.pids()).length === 2);
    assert.equal((await b.signal(/sleep 301/, 'SIGKILL')).length, 1);
    await eventually('one is left', async () => (await b.pids()).length === 1);
  });

  test('a stranger that takes an address is believed, until it gives it back', async () => {
    await faults.steal(c, '10.77.0.100');
    assert.equal(await reaches(a, '10.77.0.100'), true);
    assert.equal(await a.neighbour('10.77.0.100'), c.mac);
    await faults.giveBack(c, '10.77.0.100');
    assert.equal(await c.carries('10.77.0.100'), false);
  });
});

test('what a killed run left is removed by the next one', { skip }, async () => {
  const module = fileURLToPath(new URL('segment.ts', import.meta.url));
  const script = `const { Segment } = await import(${JSON.stringify(module)}); const segment = new Segment(); await segment.start();
    await segment.addHost('a', 1); console.log(segment.namespace); process.kill(process.pid, 'SIGKILL')`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  const namespace = `/run/netns/${stdout.trim()}`;
  assert.equal(existsSync(namespace), true);
  removeLeftovers();
  assert.equal(existsSync(namespace), false);
});

function reaches(from: Host, address: string): Promise<boolean> {
  return from.run('ping', '-c', '1', '-W', '1', address).then(
    () => true,
    () => false,
  );
}

/** One letter for each process: S sleeps, T is stopped (proc(5)). */
async function states(host: Host): Promise<string[]> {
  const pids = await host.pids();
  const lines = await Promise.all(pids.map((pid) => host.run('cat', `/proc/${pid}/stat`)));
  return lines.map((line) => line.slice(line.lastIndexOf(')') + 2)[0] ?? '');
}
