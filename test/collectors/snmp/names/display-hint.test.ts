import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integerHint, octetsHint } from '../../../../collectors/snmp/names/display-hint.ts';

function octets(hint: string, hex: string): string | undefined {
  const apply = octetsHint(hint);
  assert.ok(apply !== undefined, `${hint} is well formed`);
  return apply(Buffer.from(hex, 'hex'));
}

test('the example of RFC 2579, a DateAndTime by its hint, is written as there', () => {
  assert.equal(octets('2d-1d-1d,1d:1d:1d.1d,1a1d:1d', '07c8051a0d1e0f002d0400'), '1992-5-26,13:30:15.0,-4:0');
  assert.equal(octets('2d-1d-1d,1d:1d:1d.1d,1a1d:1d', '07c8051a0d1e0f00'), '1992-5-26,13:30:15.0');
});

test('a separator stands between, and not behind the last octet', () => {
  assert.equal(octets('1x:', '001b210a0b0c'), '00:1b:21:0a:0b:0c');
  assert.equal(octets('1d.1d.1d.1d/2d', 'c00002011f90'), '192.0.2.1/8080');
});

test('the last specification is used until nothing is left', () => {
  assert.equal(octets('2x:', '20010db80001'), '2001:0db8:0001');
  assert.equal(octets('1d.', '010203'), '1.2.3');
});

test('an asterisk takes the number of repeats from the first octet', () => {
  assert.equal(octets('*1x:/1x:', '02aabbccdd'), 'aa:bb/cc:dd');
  assert.equal(octets('*1d./1d', '000506'), '/56');
});

test('octal and decimal numbers are big-endian and have no sign', () => {
  assert.equal(octets('2o', '01ff'), '777');
  assert.equal(octets('8d', 'ffffffffffffffff'), '18446744073709551615');
  assert.equal(octets('4d', 'ffffffff'), '4294967295');
});

test('text is UTF-8, or else ISO 8859-1, and what has controls is no text', () => {
  assert.equal(octets('255t', Buffer.from('Büro').toString('hex')), 'Büro');
  assert.equal(octets('255a', '42fc726f'), 'Büro');
  assert.equal(octets('255a', '61620000'), 'ab');
  assert.equal(octets('255a', '1b5b324a'), undefined);
});

test('an empty value is an empty text', () => {
  assert.equal(octets('1x:', ''), '');
  assert.equal(octets('*1x:/', ''), '');
});

test('a hint that is not well formed is no hint', () => {
  for (const hint of ['', 'x', '1', '1z', ':', '0d', '999999999d', '*']) {
    assert.equal(octetsHint(hint), undefined, hint);
  }
  for (const hint of ['', '2d', 'd-', 'd-x', 'q', 'xx']) assert.equal(integerHint(hint), undefined, hint);
});

test('an integer gets its point, or another base', () => {
  assert.equal(integerHint('d-2')?.(1234), '12.34');
  assert.equal(integerHint('d-2')?.(-5), '-0.05');
  assert.equal(integerHint('d')?.(-5), '-5');
  assert.equal(integerHint('x')?.(255), 'ff');
  assert.equal(integerHint('o')?.(8), '10');
  assert.equal(integerHint('b')?.(5), '101');
});

test('a repeat of nothing ends', () => {
  assert.equal(octets('*0d:', 'ff'), '');
  assert.equal(typeof octets('*0x', 'ffff'), 'string');
});
