import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, inetField, parseAddress, parsePrefix, unmapped } from '../../collectors/ip-address.ts';

/** The canonical form by the platform's own URL parser. */
function canonical(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

test('addresses become their bytes and the bytes their canonical text', () => {
  const samples = [
    '::',
    '::1',
    '1::',
    '2001:db8::1',
    '2001:db8:0:0:1:0:0:1',
    '2001:db8:0:1:1:1:1:1',
    '10:0:0:1:0:0:0:5',
    '0:0:1:0:0:0:1:0',
    'fe80:0:0:0:0:0:0:0',
    'ff02::1:2',
  ];
  for (const text of samples) {
    const bytes = parseAddress(text);
    assert.equal(bytes?.length, 16, text);
    assert.equal(formatAddress(bytes), canonical(text), text);
  }
  assert.equal(formatAddress(parseAddress('192.0.2.255') ?? Buffer.alloc(4)), '192.0.2.255');
});

test('a zone is left out and a mapped address is IPv4', () => {
  assert.deepEqual(parseAddress('fe80::1%eth0'), parseAddress('fe80::1'));
  assert.deepEqual(unmapped(parseAddress('::ffff:192.0.2.1') ?? Buffer.alloc(0)), Buffer.from([192, 0, 2, 1]));
  assert.equal(unmapped(Buffer.alloc(16)).length, 16);
});

test('what is no address has no bytes', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '::1::',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::1',
    'host',
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test('an inet field has its length, family, bits and address', () => {
  assert.equal(inetField(Buffer.from([192, 0, 2, 1])).toString('hex'), '00000008' + '02200004' + 'c0000201');
  assert.equal(inetField(Buffer.alloc(16, 1)).toString('hex'), '00000014' + '03800010' + '01'.repeat(16));
});

test('a prefix matches what lies within, of its own family only', () => {
  const matches = (prefix: string, address: string) =>
    parsePrefix(prefix).matches(parseAddress(address) ?? Buffer.alloc(0));
  assert.ok(matches('192.0.2.0/25', '192.0.2.127'));
  assert.ok(!matches('192.0.2.0/25', '192.0.2.128'));
  assert.ok(matches('0.0.0.0/0', '203.0.113.9'));
  assert.ok(!matches('0.0.0.0/0', '::1'));
  assert.ok(matches('2001:db8::/33', '2001:db8:7fff::1'));
  assert.ok(!matches('2001:db8::/33', '2001:db8:8000::1'));
  assert.ok(matches('192.0.2.1', '192.0.2.1'));
});

test('what is no prefix is refused', () => {
  for (const text of ['192.0.2.0/33', '192.0.2.0/', '192.0.2.0/-1', 'nonsense', '::/129', '192.0.2.0/1.5']) {
    assert.throws(() => parsePrefix(text), { code: 'BAD_ADDRESS' }, text);
  }
});
