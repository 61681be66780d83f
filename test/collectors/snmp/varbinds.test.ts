import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BerReader } from '../../../collectors/snmp/ber/ber-reader.ts';
import { oidText } from '../../../collectors/snmp/ber/oid.ts';
import { OidTable } from '../../../collectors/snmp/varbind/oid-table.ts';
import { VarbindJson } from '../../../collectors/snmp/varbind/varbind-json.ts';
import { ber, hex, startSnmpDecoding, v2Message, varbind, varbindsOf } from '../../support/snmp-decoding.ts';

/** The value as it is stored, decoded from a trap; bytes by hand from X.690 and RFC 2578. */
function stored(value: Buffer | string): unknown {
  const decoding = startSnmpDecoding();
  decoding.feed(v2Message([varbind(value)]));
  const [row] = decoding.rows();
  if (row?.['pdu'] === 'u') return row['reason'];
  const [first] = varbindsOf(row);
  assert.equal(first?.oid, '1.3.6.1.4.1.99999.1');
  const { oid: _, ...rest } = first;
  return rest;
}

/** The JSON as text, since numbers beyond 2^53 do not survive JSON.parse. */
function storedText(tag: number, content: string): string {
  const oids = new OidTable(undefined);
  const json = new VarbindJson(oids);
  const bytes = hex(content);
  const oid = oids.find(hex('2b0601'), 0, 3);
  assert.ok(oid);
  json.begin();
  json.add(oid, tag, bytes, 0, bytes.length);
  const text = json.bytes.toString('utf8', 0, json.end());
  return text.replace(/^.*"value":/, '').slice(0, -2);
}

test('integers of any legal width keep their value and their sign', () => {
  for (const [content, value] of [
    ['02 01 00', 0],
    ['02 01 80', -128],
    ['02 02 00 80', 128],
    ['02 02 ff 7f', -129],
    ['02 03 ff ff ff', -1],
    ['02 04 80 00 00 00', -2_147_483_648],
    ['02 04 7f ff ff ff', 2_147_483_647],
    ['02 09 00 00 00 00 00 00 00 00 05', 5],
    ['02 0a ff ff ff ff ff ff ff ff ff fe', -2],
    ['02 81 01 07', 7],
    ['02 84 00 00 00 01 07', 7],
    ['02 00', 0],
  ] as const) {
    assert.deepEqual(stored(content), { type: 'Integer', value }, content);
  }
});

test('unsigned integers are unsigned, with or without their leading zero', () => {
  assert.deepEqual(stored('41 05 00 ff ff ff ff'), { type: 'Counter32', value: 4_294_967_295 });
  assert.deepEqual(stored('42 04 ff ff ff fe'), { type: 'Gauge32', value: 4_294_967_294 });
  assert.deepEqual(stored('43 01 64'), { type: 'TimeTicks', value: 100 });
  assert.deepEqual(stored('47 01 07'), { type: 'UInteger32', value: 7 });
});

test('a Counter64 keeps all its digits', () => {
  assert.equal(storedText(0x46, '00 ff ff ff ff ff ff ff ff'), '18446744073709551615');
  assert.equal(storedText(0x46, 'ff ff ff ff ff ff ff fe'), '18446744073709551614');
  assert.equal(storedText(0x46, '20 00 00 00 00 00 01'), '9007199254740993');
  assert.equal(storedText(0x46, ''), '0');
});

test('integers wider than their type make a datagram undecodable', () => {
  assert.equal(stored('02 09 01 00 00 00 00 00 00 00 00'), 'integer-size');
  assert.equal(stored('41 05 01 00 00 00 00'), 'integer-size');
  assert.equal(stored('46 09 01 00 00 00 00 00 00 00 00'), 'integer-size');
});

test('octets are text where they are printable, else hexadecimal', () => {
  assert.deepEqual(stored(ber(4, Buffer.from('Gi0/1 "up" \\ ok'))), { type: 'OctetString', value: 'Gi0/1 "up" \\ ok' });
  assert.deepEqual(stored(ber(4, Buffer.from('Büro\n2'))), { type: 'OctetString', value: 'Büro\n2' });
  assert.deepEqual(stored('04 00'), { type: 'OctetString', value: '' });
  assert.deepEqual(stored('04 06 00 1b 2c 3d 4e 5f'), { type: 'OctetString', value: '001b2c3d4e5f', encoding: 'hex' });
  assert.deepEqual(stored('04 02 c3 28'), { type: 'OctetString', value: 'c328', encoding: 'hex' });
  assert.deepEqual(stored('04 02 c2 85'), { type: 'OctetString', value: 'c285', encoding: 'hex' });
});

test('a C string with its zeros is hexadecimal, with its text beside', () => {
  const wanted = { type: 'OctetString', value: '6574683000', encoding: 'hex', text: 'eth0' };
  assert.deepEqual(stored('04 05 65 74 68 30 00'), wanted);
});

test('addresses of 4 and 16 bytes are text', () => {
  assert.deepEqual(stored('40 04 c0 00 02 01'), { type: 'IpAddress', value: '192.0.2.1' });
  const six = '40 10 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01';
  assert.deepEqual(stored(six), { type: 'IpAddress', value: '2001:db8::1' });
  assert.deepEqual(stored('40 02 0a 01'), { type: 'IpAddress', value: '0a01', encoding: 'hex' });
});

test('numbers within an Opaque are numbers, other Opaques hexadecimal', () => {
  assert.deepEqual(stored('44 07 9f 78 04 3d cc cc cd'), { type: 'Float', value: 0.1 });
  assert.deepEqual(stored('44 0b 9f 79 08 40 09 21 fb 54 44 2d 18'), { type: 'Double', value: Math.PI });
  assert.deepEqual(stored('44 07 9f 78 04 7f c0 00 00'), { type: 'Float', value: null, text: 'NaN' });
  assert.deepEqual(stored('44 07 9f 78 04 ff 80 00 00'), { type: 'Float', value: null, text: '-Infinity' });
  assert.deepEqual(stored('44 04 9f 7a 01 fe'), { type: 'Integer64', value: -2 });
  assert.deepEqual(stored('44 05 9f 7b 02 01 00'), { type: 'Unsigned64', value: 256 });
  const lying = { type: 'Opaque', value: '9f78043dcc', encoding: 'hex' };
  assert.deepEqual(stored('44 05 9f 78 04 3d cc'), lying);
});

test('what is there without a value is null with its type', () => {
  assert.deepEqual(stored('05 00'), { type: 'Null', value: null });
  assert.deepEqual(stored('80 00'), { type: 'noSuchObject', value: null });
  assert.deepEqual(stored('81 00'), { type: 'noSuchInstance', value: null });
  assert.deepEqual(stored('82 00'), { type: 'endOfMibView', value: null });
});

test('a type that nobody knows is kept as hexadecimal numbers', () => {
  assert.deepEqual(stored('4a 02 01 02'), { type: 'Tag0x4a', value: '0102', encoding: 'hex' });
  assert.deepEqual(stored('30 03 02 01 05'), { type: 'Tag0x30', value: '020105', encoding: 'hex' });
});

test('object identifiers have dotted numbers', () => {
  for (const [content, text] of [
    ['06 01 00', '0.0'],
    ['06 01 27', '0.39'],
    ['06 01 28', '1.0'],
    ['06 01 4f', '1.39'],
    ['06 01 50', '2.0'],
    ['06 02 88 37', '2.999'],
    ['06 06 2b 8f ff ff ff 7f', '1.3.4294967295'],
    ['06 03 2b 80 01', '1.3.1'], // a padded sub-identifier, which X.690 8.19.2 forbids, has its value
  ] as const) {
    assert.deepEqual(stored(content), { type: 'ObjectIdentifier', value: text }, content);
  }
});

test('object identifiers that cannot be are refused', () => {
  assert.equal(stored('06 02 2b 81'), 'oid'); // unfinished
  assert.equal(stored('06 06 2b 90 80 80 80 00'), 'oid'); // 2^32
  assert.equal(stored('06 0c 2b 80 80 80 80 80 80 80 80 80 80 01'), 'oid'); // eleven octets
  assert.equal(stored(ber(6, Buffer.alloc(128, 1))), 'oid'); // 129 sub-identifiers
  assert.equal(stored(ber(6, Buffer.alloc(10_000, 1))), 'oid');
});

test('an object identifier may have 128 sub-identifiers', () => {
  assert.equal(oidText(Buffer.alloc(127, 1), 0, 127)?.split('.').length, 128);
});

test('more object identifiers than are remembered keep their own numbers and types', () => {
  const decoding = startSnmpDecoding();
  const arcs = Array.from({ length: 9000 }, (_, index) => [index >> 7, index & 127] as const);
  const objects = arcs.map(([high, low]) => ber(0x30, ber(6, Buffer.from([0x2b, high, low])), '02 01 05'));
  const again = arcs.map(([high, low]) => ber(0x30, ber(6, Buffer.from([0x2b, high, low])), '43 01 05'));
  for (const varbinds of [objects, again]) {
    for (let from = 0; from < varbinds.length; from += 1000)
      decoding.feed(v2Message(varbinds.slice(from, from + 1000)));
  }
  const found = decoding.rows().flatMap((row) => varbindsOf(row).map(({ oid, type }) => `${oid} ${type}`));
  const wanted = ['Integer', 'TimeTicks'].flatMap((type) => arcs.map(([high, low]) => `1.3.${high}.${low} ${type}`));
  assert.deepEqual(found, wanted);
});

test('an empty object identifier is read as 0.0 and flagged', () => {
  const decoding = startSnmpDecoding();
  decoding.feed(v2Message([ber(0x30, '06 00', '02 01 05')]));
  const [row] = decoding.rows();
  assert.deepEqual(varbindsOf(row), [{ oid: '0.0', type: 'Integer', value: 5 }]);
  assert.deepEqual(row?.['flags'], ['empty-oid']);
});

test('names and texts come from who knows them, and are asked again when they change', () => {
  let status = 'down(2)';
  const naming = {
    generation: 1,
    lookUp: (oid: string) =>
      oid === '1.3.6.1.4.1.99999.1'
        ? { name: 'A-MIB::status.1', integerText: () => status, octetsText: () => 'aa:bb' }
        : oid === '1.3.6.1.6.3.1.1.5.1'
          ? { name: 'SNMPv2-MIB::coldStart' }
          : undefined,
  };
  const decoding = startSnmpDecoding({}, { naming });
  decoding.feed(v2Message([varbind('02 01 02'), varbind('04 02 aa bb'), varbind('06 09 2b0601060301010501')]));
  status = 'up(1)';
  naming.generation = 2;
  decoding.feed(v2Message([varbind('02 01 01')]));
  const [first, second] = decoding.rows();
  assert.equal(first?.['trap_name'], 'SNMPv2-MIB::coldStart');
  const head = { oid: '1.3.6.1.4.1.99999.1', name: 'A-MIB::status.1' };
  assert.deepEqual(varbindsOf(first), [
    { ...head, type: 'Integer', value: 2, text: 'down(2)' },
    { ...head, type: 'OctetString', value: 'aabb', encoding: 'hex', text: 'aa:bb' },
    { ...head, type: 'ObjectIdentifier', value: '1.3.6.1.6.3.1.1.5.1', text: 'SNMPv2-MIB::coldStart' },
  ]);
  assert.deepEqual(varbindsOf(second), [{ ...head, type: 'Integer', value: 1, text: 'up(1)' }]);
});

test('half a character, NUL and endless texts from a MIB do not reach the database', () => {
  const naming = { generation: 1, lookUp: () => ({ name: 'A\0B', integerText: () => `${'x'.repeat(1023)}😀\0` }) };
  const decoding = startSnmpDecoding({}, { naming });
  decoding.feed(v2Message([varbind('02 01 02')]));
  const [row] = decoding.rows();
  assert.deepEqual(varbindsOf(row)[0]?.text, `${'x'.repeat(1023)}\ufffd`);
  assert.equal(row?.['trap_name'], 'AB');
});

test('lengths are taken in every definite form and refused in the indefinite one', () => {
  const read = (header: string): string | number => {
    const reader = new BerReader();
    reader.open(hex(`${header} 01 02`), 0);
    reader.next(reader.bytes.length);
    return reader.failure ?? reader.stop - reader.start;
  };
  assert.equal(read('04 02'), 2);
  assert.equal(read('04 81 02'), 2);
  assert.equal(read('04 82 00 02'), 2);
  assert.equal(read('04 84 00 00 00 02'), 2);
  assert.equal(read('04 86 00 00 00 00 00 02'), 2);
  assert.equal(read('04 03'), 'truncated');
  assert.equal(read('04 84 ff ff ff ff'), 'truncated');
  assert.equal(read('04 85 01 00 00 00 00'), 'length-form');
  assert.equal(read('04 88 ff ff ff ff ff ff ff ff'), 'length-form');
  assert.equal(read('04 ff'), 'length-form');
  assert.equal(read('04 80'), 'indefinite-length');
  assert.equal(read('1f 02'), 'tag');
});
