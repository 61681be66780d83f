import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf, moduleOf } from '../../collectors/snmp/names/module-lines.ts';
import { standardModules } from '../../collectors/snmp/names/standard-names.ts';

test('a compiled module comes back from its lines as it was', () => {
  for (const module of standardModules()) {
    assert.deepEqual(moduleOf(module.module, linesOf(module)), module);
  }
});

test('lines say what the module says', () => {
  const module = {
    module: 'X-MIB',
    types: {
      Lamp: { base: 'octets', labels: { '0': 'red', '5': 'white' }, size: [1, 4], convention: 'Lamp', hint: '1x:' },
    },
    nodes: [{ oid: '1.2.3', name: 'xEntry', kind: 'row', index: [{ object: 'X-MIB::x', implied: true }] }],
  } as const;
  assert.deepEqual(linesOf(module), {
    types: ['Lamp octets{0 red,5 white}[1..4]=Lamp 1x:'],
    nodes: ['1.2.3 xEntry row *X-MIB::x'],
  });
  assert.deepEqual(moduleOf('X-MIB', linesOf(module)), module);
});

test('a damaged line is refused', () => {
  assert.throws(() => moduleOf('X-MIB', { types: [], nodes: ['1.2.3 x something'] }), /no line of a compiled module/);
});

test('each bundled OID is dotted numbers, and each name is one', () => {
  for (const { module, nodes } of standardModules()) {
    for (const { oid, name } of nodes) {
      assert.match(oid, /^\d+(\.\d+)*$/, module);
      assert.match(name, /^[A-Za-z][\w-]*$/, module);
    }
  }
});
