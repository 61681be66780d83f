import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInterfaceAddress } from '../../../ha/virtual-ip/interface-address.ts';
import { lifetimeSeconds } from '../../../ha/virtual-ip/linux/lifetime.ts';
import { createVirtualAddress, type VirtualIpOptions } from '../../../ha/virtual-ip/virtual-address.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const OPTIONS: VirtualIpOptions = {
  driver: 'linux',
  addresses: ['192.0.2.50/24'],
  interface: 'eth0',
  node: 'a',
  epoch: () => 1,
  peerMacs: () => [],
  neighbours: () => [],
};
const create = (options: Partial<VirtualIpOptions>) =>
  createVirtualAddress({ ...OPTIONS, ...options }, systemClock, silentLog);

test('an address is read in any spelling, and written as the kernel writes it', () => {
  assert.deepEqual(parseInterfaceAddress('192.0.2.50/24'), { address: '192.0.2.50', prefixLength: 24 });
  // RFC 5952, section 4
  const expected = { address: '2001:db8::1:0:0:1', prefixLength: 64 };
  assert.deepEqual(parseInterfaceAddress('2001:0DB8:0:0:1:0:0:1/64'), expected);
});

test('what is no address with a prefix is refused', () => {
  for (const text of [
    '',
    '192.0.2.50',
    '192.0.2.50/33',
    '192.0.2.50/0',
    '192.0.2.256/24',
    'fd00::1/129',
    '192.0.2.50/24/1',
    'eth0/24',
    '192.0.2.50/2x',
  ]) {
    assert.throws(() => parseInterfaceAddress(text), { code: 'ADDRESS_MALFORMED' }, text);
  }
});

test('a lease becomes whole seconds, and a little less than whole seconds counts as these', () => {
  const expected = [
    [2000, 2],
    [1950, 2],
    [1899, 1],
    [1000, 1],
    [900, 1],
    [899, 0],
    [0, 0],
    [-5000, 0],
    [3500, 3],
  ] as const;
  for (const [spanMs, seconds] of expected) assert.equal(lifetimeSeconds(spanMs), seconds, `${spanMs} ms`);
});

test('the name of an interface cannot become anything else', () => {
  for (const name of ['', '-all', 'eth0 dev lo', 'eth0\naddress flush', '../all', 'a/b', '..', 'sixteen-letters-']) {
    assert.throws(() => create({ interface: name }), { code: 'INTERFACE_MALFORMED' }, name);
  }
  for (const name of ['eth0', 'bond0.100', 'enp3s0f1np1', 'br-lan', 'wg+1']) create({ interface: name });
});

test('the driver command wants the absolute path of a program', () => {
  assert.throws(() => create({ driver: 'command' }), { code: 'COMMAND_MISSING' });
  assert.throws(() => create({ driver: 'command', command: 'move-address' }), { code: 'COMMAND_MISSING' });
  create({ driver: 'command', command: '/usr/local/bin/move-address' });
});

test('the driver none says that nobody else has the address', async () => {
  const address = create({ driver: 'none', addresses: [] });
  await address.hold(2000);
  assert.deepEqual(await address.probe(1000), { owner: 'nobody', neighbourAnswers: undefined });
  await address.release();
});
