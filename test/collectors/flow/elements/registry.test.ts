import assert from 'node:assert/strict';
import { test } from 'node:test';

import enterprise from '../../../../collectors/flow/elements/enterprise.json' with { type: 'json' };
import iana from '../../../../collectors/flow/elements/iana.json' with { type: 'json' };
import netflow9 from '../../../../collectors/flow/elements/netflow9.json' with { type: 'json' };
import { ELEMENT_TYPES } from '../../../../collectors/flow/elements/element-type.ts';
import { ElementRegistry, MAX_LEARNT_ELEMENTS, REVERSE_PEN } from '../../../../collectors/flow/elements/registry.ts';

const registry = new ElementRegistry();

test('IANA’s elements are found by their number and by their name', () => {
  // RFC 5102 section 5, RFC 7012, RFC 8158, RFC 9487, RFC 9740.
  assert.deepEqual(registry.find(0, 1), { pen: 0, id: 1, name: 'octetDeltaCount', type: 'unsigned64' });
  assert.deepEqual(registry.find(0, 27), { pen: 0, id: 27, name: 'sourceIPv6Address', type: 'ipv6Address' });
  assert.deepEqual(registry.find(0, 154), {
    pen: 0,
    id: 154,
    name: 'flowStartMicroseconds',
    type: 'dateTimeMicroseconds',
  });
  assert.deepEqual(registry.find(0, 466), { pen: 0, id: 466, name: 'natQuotaExceededEvent', type: 'unsigned32' });
  assert.deepEqual(registry.find(0, 494), { pen: 0, id: 494, name: 'srhSegmentIPv6', type: 'ipv6Address' });
  assert.deepEqual(registry.find(0, 515), { pen: 0, id: 515, name: 'ipv6ExtensionHeadersFull', type: 'unsigned256' });
  assert.equal(registry.byName('packetDeltaCount')?.id, 2);
  assert.equal(registry.byName('noSuchElement'), undefined);
});

test('what has no name is called by its numbers', () => {
  assert.equal(registry.nameOf(0, 8), 'sourceIPv4Address');
  assert.equal(registry.nameOf(0, 32_000), '0.32000');
  assert.equal(registry.nameOf(4_294_967_295, 7), '4294967295.7');
  assert.equal(registry.nameOf(REVERSE_PEN, 32_000), '29305.32000');
});

test('an element under the reverse enterprise number is IANA’s, counted in the other direction', () => {
  assert.deepEqual(registry.find(29_305, 2), {
    pen: 29_305,
    id: 2,
    name: 'reversePacketDeltaCount',
    type: 'unsigned64',
  });
  assert.equal(registry.find(29_305, 2), registry.find(29_305, 2)); // made once
  assert.equal(registry.byName('reversePacketDeltaCount')?.pen, 29_305);
});

test('elements of enterprises and the NetFlow v9 types of vendors are known', () => {
  assert.equal(registry.nameOf(6871, 33), 'silkAppLabel'); // YAF
  assert.equal(registry.nameOf(6871, 14 + 0x40_00), 'reverseInitialTCPFlags'); // YAF counts its own reverse elements so
  assert.equal(registry.nameOf(35_632, 118), 'L7_PROTO'); // nProbe
  assert.equal(registry.nameOf(0, 57_472 + 118), 'L7_PROTO'); // nProbe, NetFlow v9
  assert.equal(registry.find(0, 33_002)?.type, 'unsigned16'); // Cisco ASA, NF_F_FW_EXT_EVENT
  assert.equal(registry.find(0, 56_701)?.type, 'string'); // PAN-OS, App-ID
});

test('an exporter can name elements of its own, and none that are known', () => {
  const learning = new ElementRegistry();
  assert.equal(learning.define({ pen: 64_000, id: 5, name: 'turnips', type: 'unsigned32' }), true);
  assert.deepEqual(learning.find(64_000, 5), { pen: 64_000, id: 5, name: 'turnips', type: 'unsigned32' });
  assert.equal(learning.define({ pen: 64_000, id: 5, name: 'carrots', type: 'string' }), false);
  assert.equal(learning.define({ pen: 6871, id: 33, name: 'mine', type: 'string' }), false);
  assert.equal(learning.define({ pen: REVERSE_PEN, id: 1, name: 'mine', type: 'string' }), false);
  assert.equal(learning.define({ pen: 0, id: 20_000, name: 'mine', type: 'string' }), false);
  assert.equal(learning.nameOf(64_000, 5), 'turnips');
});

test('names that cannot be shown and ids that cannot be are refused', () => {
  const learning = new ElementRegistry();
  for (const name of ['', 'x'.repeat(129), 'line\nbreak', 'nul\0', '\u009b31m']) {
    assert.equal(learning.define({ pen: 64_000, id: 1, name, type: 'string' }), false);
  }
  for (const [pen, id] of [
    [64_000, 32_768],
    [64_000, -1],
    [2 ** 32, 1],
    [Number.NaN, 1],
  ] as const) {
    assert.equal(learning.define({ pen, id, name: 'turnips', type: 'string' }), false);
  }
});

test('what is learnt is bounded', () => {
  const learning = new ElementRegistry();
  for (let id = 0; id < MAX_LEARNT_ELEMENTS; id += 1) {
    assert.equal(learning.define({ pen: 64_000, id, name: `e${id}`, type: 'unsigned8' }), true);
  }
  assert.equal(learning.define({ pen: 64_001, id: 1, name: 'oneTooMany', type: 'unsigned8' }), false);
  assert.equal(learning.byName('oneTooMany'), undefined);
});

test('the user’s names go before those that ship with the program', () => {
  const own = new ElementRegistry([
    { pen: 0, id: 95, name: 'applicationTag', type: 'octetArray' },
    { pen: 64_000, id: 1, name: 'octetDeltaCount', type: 'unsigned64' },
  ]);
  assert.equal(own.nameOf(0, 95), 'applicationTag');
  assert.equal(own.byName('octetDeltaCount')?.pen, 64_000);
  assert.equal(own.nameOf(0, 1), 'octetDeltaCount');
});

test('the data files hold what they promise: ids in range and order, known types, one name once an enterprise', () => {
  const tables: [string, Record<string, readonly string[]>, number, number][] = [
    ['iana', iana, 1, 32_767],
    ['netflow9', netflow9, 32_768, 65_535],
    ...Object.entries(enterprise).map(
      ([pen, { elements }]): [string, Record<string, readonly string[]>, number, number] => [pen, elements, 0, 32_767],
    ),
  ];
  for (const [table, elements, least, most] of tables) {
    const names = new Set<string>();
    for (const [id, [name = '', type = '']] of Object.entries(elements)) {
      assert.ok(Number(id) >= least && Number(id) <= most, `${table}.${id}`);
      assert.match(name, /^[A-Za-z][A-Za-z0-9_-]*$/u, `${table}.${id}`);
      assert.ok((ELEMENT_TYPES as readonly string[]).includes(type), `${table}.${id} ${type}`);
      assert.ok(!names.has(name), `${table}.${id} ${name}`);
      names.add(name);
    }
  }
});

test('the position of a type is its number in IANA’s registry', () => {
  assert.equal(ELEMENT_TYPES[0], 'octetArray');
  assert.equal(ELEMENT_TYPES[13], 'string');
  assert.equal(ELEMENT_TYPES[18], 'ipv4Address');
  assert.equal(ELEMENT_TYPES[22], 'subTemplateMultiList');
});
