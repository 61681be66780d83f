import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ElementRegistry } from '../../../../collectors/flow/elements/registry.ts';
import type { FieldSpecifier } from '../../../../collectors/flow/record/record.ts';
import {
  listToJson,
  MAX_LIST_DEPTH,
  MAX_VALUES,
  recordToJson,
} from '../../../../collectors/flow/values/structured-data.ts';

const registry = new ElementRegistry();

function bytes(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/gu, ''), 'hex');
}

function iana(...fields: readonly (readonly [id: number, length: number])[]): FieldSpecifier[] {
  return fields.map(([id, length]) => ({ pen: 0, id, length }));
}

const unknown = (): undefined => undefined;

function list(
  type: 'basicList' | 'subTemplateList' | 'subTemplateMultiList',
  digits: string,
  templates: Record<number, FieldSpecifier[]> = {},
): unknown {
  const source = bytes(digits);
  return JSON.parse(listToJson(type, source, 0, source.length, registry, (id) => templates[id]));
}

function record(fields: readonly FieldSpecifier[], digits: string): { value: unknown; next: number } | undefined {
  const source = bytes(digits);
  const read = recordToJson(fields, source, 0, source.length, registry, unknown);
  return read === undefined ? undefined : { value: JSON.parse(read.text), next: read.next };
}

test('a record becomes an object by element names', () => {
  // The first data record of RFC 7011 appendix A.3: 192.0.2.12, 192.0.2.254, 192.0.2.1, 5009 packets, 5344385 octets.
  const fields = iana([8, 4], [12, 4], [15, 4], [2, 4], [1, 4]);
  assert.deepEqual(record(fields, 'c000020c c00002fe c0000201 00001391 00518c81'), {
    value: {
      sourceIPv4Address: '192.0.2.12',
      destinationIPv4Address: '192.0.2.254',
      ipNextHopIPv4Address: '192.0.2.1',
      packetDeltaCount: 5009,
      octetDeltaCount: 5_344_385,
    },
    next: 20,
  });
});

test('variable lengths have one byte in front of them, or three', () => {
  const fields = iana([82, 65_535], [83, 65_535], [4, 1]);
  assert.deepEqual(record(fields, '04 65746830 ff 0003 78797a 06'), {
    value: { interfaceName: 'eth0', interfaceDescription: 'xyz', protocolIdentifier: 6 },
    next: 12,
  });
});

test('an element that comes again gets a number, one without a name its numbers, padding nothing', () => {
  const fields = [...iana([4, 1], [4, 1], [210, 2], [4, 1]), { pen: 64_000, id: 9, length: 2 }];
  assert.deepEqual(record(fields, '06 11 0000 01 beef')?.value, {
    protocolIdentifier: 6,
    'protocolIdentifier.2': 17,
    'protocolIdentifier.3': 1,
    '64000.9': 'beef',
  });
});

test('a record that does not end in time is none', () => {
  assert.equal(record(iana([8, 4]), 'c00002'), undefined);
  assert.equal(record(iana([82, 65_535]), ''), undefined);
  assert.equal(record(iana([82, 65_535]), 'ff00'), undefined);
  assert.equal(record(iana([82, 65_535]), '0261'), undefined);
  const source = bytes('c0000201 ffff');
  assert.equal(recordToJson(iana([8, 4]), source, 0, 3, registry, unknown), undefined);
  assert.equal(recordToJson(iana([8, 4]), source, 4, 100, registry, unknown), undefined);
});

test('a basicList is an array of values', () => {
  // RFC 6313 section 8.1: allOf, egressInterface, 4 bytes each, interfaces 1, 4 and 8.
  assert.deepEqual(list('basicList', '03 000e 0004 00000001 00000004 00000008'), [1, 4, 8]);
  assert.deepEqual(list('basicList', '03 0052 ffff 02 6131 02 6232'), ['a1', 'b2']);
  assert.deepEqual(list('basicList', '03 8021 0002 00001ad7 0050 0035'), [80, 53]); // silkAppLabel of PEN 6871
  assert.deepEqual(list('basicList', '03 000e 0004'), []);
});

test('a subTemplateList is an array of objects', () => {
  // The layout of RFC 6313 section 4.5.2: allOf, template 268, two records.
  const templates = { 268: iana([8, 4], [11, 2]) };
  assert.deepEqual(list('subTemplateList', '03 010c c0000201 0050 c0000202 01bb', templates), [
    { sourceIPv4Address: '192.0.2.1', destinationTransportPort: 80 },
    { sourceIPv4Address: '192.0.2.2', destinationTransportPort: 443 },
  ]);
});

test('a subTemplateMultiList joins records of several templates', () => {
  const templates = { 256: iana([4, 1]), 257: iana([82, 65_535]) };
  assert.deepEqual(list('subTemplateMultiList', 'ff 0100 0006 06 11 0101 0007 02 6869', templates), [
    { protocolIdentifier: 6 },
    { protocolIdentifier: 17 },
    { interfaceName: 'hi' },
  ]);
});

test('what has no template stands there as it came', () => {
  assert.deepEqual(list('subTemplateList', '03 0190 dead beef'), [{ templateId: 400, bytes: 'deadbeef' }]);
  assert.deepEqual(list('subTemplateMultiList', 'ff 0190 0006 dead 0100 0005 06', { 256: iana([4, 1]) }), [
    { templateId: 400, bytes: 'dead' },
    { protocolIdentifier: 6 },
  ]);
});

test('a list that is cut short keeps what could be read', () => {
  assert.deepEqual(list('basicList', '03 000e 0004 00000001 0000'), [1, { bytes: '0000' }]);
  assert.deepEqual(list('basicList', '03 000e'), [{ bytes: '03000e' }]);
  assert.deepEqual(list('basicList', '03 8021 0002 0000'), [{ bytes: '03802100020000' }]);
  assert.deepEqual(list('subTemplateList', '03 0100 06 11', { 256: iana([4, 1], [7, 2]) }), [
    { templateId: 256, bytes: '0611' },
  ]);
  assert.deepEqual(list('subTemplateMultiList', 'ff 0100 0003 0000'), [{ bytes: '010000030000' }]);
  assert.deepEqual(list('subTemplateMultiList', 'ff 0100 00ff 06'), [{ bytes: '010000ff06' }]);
});

test('lists within lists are read, down to a bound', () => {
  // Each level: a basicList of one basicList (IE 291), the innermost of protocol 6.
  let inner = '03 0004 0001 06'.replaceAll(' ', '');
  for (let level = 0; level < 6; level += 1) {
    inner = `030123ffff${(inner.length / 2).toString(16).padStart(2, '0')}${inner}`;
  }
  let value = list('basicList', inner);
  let depth = 0;
  for (; Array.isArray(value); depth += 1) value = value[0];
  assert.equal(depth, MAX_LIST_DEPTH);
  assert.equal(typeof value, 'string');
});

test('no template makes little data into much text', () => {
  const wide = iana(...Array.from({ length: 3000 }, () => [82, 0] as const), [4, 1]);
  const source = Buffer.alloc(60_000);
  source.writeUInt16BE(256, 1);
  const text = listToJson('subTemplateList', source, 0, source.length, registry, () => wide);
  assert.ok(text.length < source.length * 2 + MAX_VALUES * 40, `${text.length}`);
  const flood = recordToJson(
    iana(...Array.from({ length: 65_535 }, () => [4, 0] as const)),
    source,
    0,
    0,
    registry,
    unknown,
  );
  assert.ok(flood !== undefined && flood.text.split(',').length === MAX_VALUES);
});

test('elements and records of no length do not loop', () => {
  assert.deepEqual(list('basicList', '03 0004 0000 0606'), [{ bytes: '0606' }]);
  assert.deepEqual(list('subTemplateList', '03 0100 0606', { 256: [] }), [{ templateId: 256, bytes: '0606' }]);
  assert.deepEqual(list('subTemplateList', '03 0100 0606', { 256: iana([4, 0]) }), [
    { templateId: 256, bytes: '0606' },
  ]);
});

test('random bytes are read as any list without trouble', () => {
  let state = 12_345;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
  const ids = [1, 4, 8, 27, 82, 95, 154, 291, 292, 293, 210, 515];
  const lookup = (id: number): FieldSpecifier[] | undefined =>
    id % 4 === 3
      ? undefined
      : Array.from({ length: id % 5 }, (_, index) => ({
          pen: index === 4 ? 6871 : 0,
          id: ids[(id + index) % ids.length] ?? 1,
          length: [65_535, 0, 1, 4, 8][(id + index) % 5] ?? 1,
        }));
  for (let round = 0; round < 20_000; round += 1) {
    const source = Buffer.from(Array.from({ length: next(60) }, () => (next(3) === 0 ? next(256) : next(6))));
    const type = (['basicList', 'subTemplateList', 'subTemplateMultiList'] as const)[next(3)] ?? 'basicList';
    if (source.length > 4 && next(2) === 0) source.writeUInt16BE(ids[next(ids.length)] ?? 291, 1);
    const text = listToJson(type, source, 0, source.length, registry, lookup);
    assert.doesNotThrow(() => JSON.parse(text), text);
    const read = recordToJson(lookup(next(60_000)) ?? [], source, 0, source.length, registry, lookup);
    if (read !== undefined) JSON.parse(read.text);
  }
});
