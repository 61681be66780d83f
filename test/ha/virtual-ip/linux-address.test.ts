import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { Host } from '../../scenarios/lab/host.ts';
import { Faults } from '../../scenarios/lab/faults.ts';
import { whyNoNamespaces } from '../../scenarios/lab/ip.ts';
import { Segment } from '../../scenarios/lab/segment.ts';
import { skipWithout } from '../../support/packages.ts';
import { eventually } from '../../support/processes.ts';
import { Holder, VIRTUAL_IP, VIRTUAL_IP6 } from './holder.ts';

const skip = whyNoNamespaces() || skipWithout('arping', 'ndptool', 'ndisc6');

suite('the virtual IP on an interface of Linux', { skip }, () => {
  const segment = new Segment();
  const faults = new Faults(segment);
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
    onA = await Holder.start(a, [exporter.address], [b.mac]);
    onB = await Holder.start(b, [exporter.address], [a.mac]);
  });
  after(() => segment.remove());
  beforeEach(async () => {
    await onA.release();
    await onB.release();
    for (const host of [a, b, exporter]) await host.ip('neighbour', 'flush', 'dev', host.interface);
  });

  test('the kernel forgets the addresses when nobody renews them', async () => {
    await onA.hold(1000);
    assert.equal(await a.carries(VIRTUAL_IP), true);
    assert.equal(await a.carries(VIRTUAL_IP6), true);
    await eventually('both are gone', async () => !(await a.carries(VIRTUAL_IP)) && !(await a.carries(VIRTUAL_IP6)));
  });

  test('a lifetime is never more than what is left of the lease', async () => {
    await onA.hold(2850);
    const lines = await a.ip('address', 'show', 'dev', a.interface);
    const lifetimes = [...lines.matchAll(/valid_lft (\d+)sec/g)].map(([, seconds]) => Number(seconds));
    assert.equal(lifetimes.length, 2);
    assert.ok(
      lifetimes.every((seconds) => seconds <= 2),
      `${lifetimes.join(', ')} seconds`,
    );
  });

  test('a rest of a lease that is no whole second is not rounded up', async () => {
    await onA.hold(850);
    assert.equal(await a.carries(VIRTUAL_IP), false);
  });

  test('the route of the network stays when the address expires', async () => {
    await onA.hold(1000);
    await eventually('it is gone', async () => !(await a.carries(VIRTUAL_IP6)));
    assert.match(await a.ip('-6', 'route', 'show', 'fd77::/64'), /fd77::\/64/);
    assert.match(await a.ip('-4', 'route', 'show', '10.77.0.0/24'), /10\.77\.0\.0\/24/);
  });

  test('our own connections do not come from the virtual IP', async () => {
    await onA.hold(5000);
    assert.match(await a.ip('route', 'get', exporter.address), /src 10\.77\.0\.1 /);
    assert.match(await a.ip('route', 'get', exporter.address6), /src fd77::1 /);
  });

  test('a neighbour that knew the former holder knows the new one after the announcement', async () => {
    await onA.hold(5000);
    await exporter.run('ping', '-c', '1', '-W', '2', VIRTUAL_IP);
    await exporter.run('ping', '-c', '1', '-W', '2', VIRTUAL_IP6);
    assert.equal(await exporter.neighbour(VIRTUAL_IP), a.mac);
    assert.equal(await exporter.neighbour(VIRTUAL_IP6), a.mac);
    await onA.release();
    await onB.hold(5000);
    await onB.announce();
    await eventually('ARP tells of b', async () => (await exporter.neighbour(VIRTUAL_IP)) === b.mac);
    await eventually('so does neighbour discovery', async () => (await exporter.neighbour(VIRTUAL_IP6)) === b.mac);
  });

  test('a probe tells whether nobody, the peer or a stranger answers', async () => {
    assert.equal((await onA.probe(600)).owner, 'nobody');
    await onB.hold(5000);
    assert.deepEqual(await onA.probe(600), { owner: 'peer', mac: b.mac, neighbourAnswers: true });
    assert.equal((await onB.probe(600)).owner, 'nobody', 'it does not take itself for another');
    await onB.release();
    for (const address of [VIRTUAL_IP, VIRTUAL_IP6]) {
      await faults.steal(exporter, address);
      assert.deepEqual(await onA.probe(600), { owner: 'foreign', mac: exporter.mac, neighbourAnswers: true });
      await faults.giveBack(exporter, address);
    }
  });

  test('a probe tells whether any neighbour answers', async () => {
    assert.equal((await onA.probe(600)).neighbourAnswers, true);
    await faults.isolate(a);
    assert.deepEqual(await onA.probe(600), { owner: 'nobody', neighbourAnswers: false });
    await faults.join(a);
    await faults.pullCable(a);
    assert.deepEqual(await onA.probe(600), { owner: 'nobody', neighbourAnswers: false });
    await faults.plugCable(a);
  });

  test('an address that lingers is reachable for those who knew it, and answers nobody who asks', async () => {
    await onA.hold(5000);
    await exporter.run('ping', '-c', '1', '-W', '2', VIRTUAL_IP);
    await exporter.run('ping', '-c', '1', '-W', '2', VIRTUAL_IP6);
    await onA.linger(5000);
    assert.equal(await a.carries(VIRTUAL_IP), false);
    await exporter.run('ping', '-c', '1', '-W', '2', VIRTUAL_IP); // by what it knows
    await exporter.run('ping', '-c', '1', '-W', '2', VIRTUAL_IP6);
    assert.equal((await onB.probe(600)).owner, 'nobody');
    assert.equal((await a.run('cat', '/proc/sys/net/ipv4/conf/eth0/arp_ignore')).trim(), '1');
    await onA.release();
    assert.equal(await a.carries(VIRTUAL_IP, 'lo'), false);
    assert.equal(await a.carries(VIRTUAL_IP6, 'lo'), false);
    assert.equal((await a.run('cat', '/proc/sys/net/ipv4/conf/eth0/arp_ignore')).trim(), '0');
  });

  test('what lingers can be held again', async () => {
    await onA.hold(5000);
    await onA.linger(5000);
    await onA.hold(5000);
    assert.equal((await onB.probe(600)).owner, 'peer');
    assert.equal(await a.carries(VIRTUAL_IP, 'lo'), false);
  });

  test('a release that overtakes a hold leaves nothing behind', async () => {
    const held = onA.hold(5000);
    await onA.release();
    await held;
    assert.equal(await a.carries(VIRTUAL_IP), false);
    assert.equal(await a.carries(VIRTUAL_IP6), false);
  });

  test('an address that somebody added by hand gets a lifetime, or is removed by a release', async () => {
    await a.ip('address', 'add', `${VIRTUAL_IP}/24`, 'dev', a.interface);
    await onA.hold(2000);
    assert.doesNotMatch(await a.ip('address', 'show', 'to', VIRTUAL_IP), /forever/);
    await onA.release();
    await a.ip('address', 'add', `${VIRTUAL_IP}/24`, 'dev', a.interface);
    await onA.release();
    assert.equal(await a.carries(VIRTUAL_IP), false);
  });

  test('another length of the prefix takes the place of the former one', async () => {
    await onA.hold(5000);
    await onA.call('change', 16);
    await onA.hold(5000);
    const lines = await a.ip('address', 'show', 'dev', a.interface);
    assert.match(lines, /10\.77\.0\.100\/16/);
    assert.doesNotMatch(lines, /10\.77\.0\.100\/24|fd77::100/);
    await onA.release();
    await onA.kill();
    onA = await Holder.start(a, [exporter.address], [b.mac]);
  });

  test('an interface that vanishes is an error that names it, and is held again when it is back', async () => {
    await onB.hold(5000);
    await b.ip('link', 'set', b.interface, 'down');
    await b.ip('link', 'set', b.interface, 'name', 'away');
    await assert.rejects(onB.hold(5000), /the interface eth0 is not there/);
    assert.equal((await onB.probe(400)).owner, 'nobody');
    await b.ip('link', 'set', 'away', 'name', b.interface);
    await b.ip('link', 'set', b.interface, 'up');
    await onB.hold(5000);
    assert.equal(await b.carries(VIRTUAL_IP), true);
    assert.equal(await b.carries(VIRTUAL_IP6), true);
  });

  test('the segment is told again when the link comes back', async () => {
    await onA.hold(5000);
    await onA.announce();
    await faults.pullCable(a);
    await onA.hold(5000);
    assert.equal((await onA.status()).isLinkUp, false);
    await exporter.ip('neighbour', 'replace', VIRTUAL_IP, 'lladdr', b.mac, 'nud', 'stale', 'dev', exporter.interface);
    await faults.plugCable(a);
    await eventually('the link is seen again', async () => {
      await onA.hold(5000);
      return (await onA.status()).isLinkUp;
    });
    await eventually('the exporter knows a', async () => (await exporter.neighbour(VIRTUAL_IP)) === a.mac);
  });

  test('a process that was stopped while another took over does not disturb it when it wakes up', async () => {
    await onA.hold(1000);
    await onA.announce();
    await a.freeze();
    await eventually('the kernel took the address away', async () => !(await a.carries(VIRTUAL_IP)));
    await onB.hold(5000);
    await onB.announce();
    await exporter.run('ping', '-c', '1', '-W', '2', VIRTUAL_IP);
    await a.thaw();
    await onA.status(); // its timers have run
    assert.equal(await exporter.neighbour(VIRTUAL_IP), b.mac);
    assert.equal(await a.carries(VIRTUAL_IP), false);
  });
});
