import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ConfigError } from '../../src/config/findings.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { withVirtualListeners } from '../../src/pair/address/virtual-listeners.ts';

const MACHINE = { hostname: 'dw-a', stateDirectory: '/state', privilegedPorts: false };
const PAIR = {
  address: '192.0.2.11',
  peer: { name: 'dw-b', address: '192.0.2.12' },
  interface: 'eth0',
  virtualAddresses: ['192.0.2.10/24'],
  secretFile: 'pair.secret',
};
const DATABASE = { url: 'postgresql://dogwatch@db.example/dogwatch' };

function load(context: TestContext, settings: Readonly<Record<string, unknown>>): Config {
  const directory = mkdtempSync(join(tmpdir(), 'dogwatch-ha-'));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'dogwatch.yaml'), JSON.stringify({ database: DATABASE, ...settings }));
  return loadConfig({ directory, environment: {}, machine: MACHINE }).config;
}

/** The paths of what is wrong, each with its message. */
function findings(context: TestContext, ha: Readonly<Record<string, unknown>>, others = {}): string[] {
  try {
    load(context, { ha: { ...PAIR, ...ha }, ...others });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.findings.map(({ path, message }) => `${path}: ${message}`);
  }
}

test('a pair needs its addresses and its secret; all else has a default', (context) => {
  const { ha } = load(context, { ha: PAIR });
  assert.equal(ha?.pair, 'dogwatch');
  assert.equal(ha?.port, 8056);
  assert.deepEqual([ha?.beat, ha?.lease, ha?.takeoverWindow], [400, 2000, 3000]);
  assert.equal(ha?.whenIsolated, 'collect');
  assert.match(ha?.secretFile ?? '', /^\/.*\/pair\.secret$/);
});

test('the documented fast profile is allowed', (context) => {
  assert.deepEqual(findings(context, { beat: '150ms', lease: '1100ms', takeoverWindow: '1775ms' }), []);
});

test('spans that would let two nodes hold the address are refused, with what is allowed', (context) => {
  const [wrong, ...more] = findings(context, { takeoverWindow: '2500ms' });
  assert.match(wrong ?? '', /^ha\.takeoverWindow: expected at least .*, found 2500ms/);
  assert.deepEqual(more, []);
  assert.match(findings(context, { takeoverWindow: '61s' })[0] ?? '', /^ha\.takeoverWindow: expected .*1m/);
});

test("a virtual IP outside the subnet, or that is a node's own, is refused", (context) => {
  const wrong = findings(context, { virtualAddresses: ['198.51.100.10/24', '192.0.2.11/24', '192.0.2.10'] });
  assert.equal(wrong.length, 1, 'the form comes first');
  const outside = findings(context, { virtualAddresses: ['198.51.100.10/24', '192.0.2.11/24'] });
  assert.ok(outside.some((line) => /^ha\.virtualAddresses\[0\]: .*subnet of ha\.address/.test(line)));
  assert.ok(outside.some((line) => /^ha\.virtualAddresses\[0\]: .*subnet of ha\.peer\.address/.test(line)));
  assert.ok(outside.some((line) => /^ha\.virtualAddresses\[1\]: .*another address than ha\.address/.test(line)));
});

test('two nodes of one name, a missing interface and a missing database are all named at once', (context) => {
  const wrong = findings(
    context,
    { peer: { name: 'dw-a', address: '192.0.2.12' }, interface: undefined },
    { database: {} },
  );
  assert.deepEqual(
    wrong.map((line) => line.split(':')[0]),
    ['ha.peer.name', 'ha', 'ha.interface'],
  );
});

test('the driver "command" needs its command, and no other driver has one', (context) => {
  assert.match(findings(context, { driver: 'command' })[0] ?? '', /^ha\.command: /);
  assert.match(findings(context, { command: ['/bin/true'] })[0] ?? '', /^ha\.command: expected ha\.driver: command/);
});

test('a listener on an address of the node itself is refused', (context) => {
  const listeners = [{ family: 'flow', address: '192.0.2.11', port: 2055 }];
  assert.match(findings(context, {}, { listeners })[0] ?? '', /^listeners\[0\]\.address: .*virtual IP/);
});

test('listeners on all addresses listen on each of the virtual IP', (context) => {
  const listeners = [
    { family: 'flow', address: '::', port: 2055 },
    { family: 'flow', address: '0.0.0.0', port: 4739 },
    { family: 'flow', address: '192.0.2.10', port: 6343 },
  ];
  const virtualAddresses = ['192.0.2.10/24', '2001:db8::10/64'];
  const address = '192.0.2.11';
  const config = withVirtualListeners(load(context, { ha: { ...PAIR, address, virtualAddresses }, listeners }));
  assert.deepEqual(
    config.listeners.map((listener) => [listener.address, listener.port]),
    [
      ['192.0.2.10', 2055],
      ['2001:db8::10', 2055],
      ['192.0.2.10', 4739],
      ['192.0.2.10', 6343],
    ],
  );
});
