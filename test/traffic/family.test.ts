import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familyOf, likeliestFamily, looksLikeSyslog } from '../../src/traffic/family.ts';

test('syslog is told by its priority', () => {
  for (const text of ['<0>x', '<34>Oct 11', '<191>1 - - - - - -', '<13>'])
    assert.ok(looksLikeSyslog(Buffer.from(text)), text);
  for (const text of ['', '<', '<>', '<1', '<1234>x', '<a>', 'x<13>', '0<13>', '<-1>', '<no>'])
    assert.ok(!looksLikeSyslog(Buffer.from(text)), text);
});

test('a datagram belongs to the family that it begins like, else to that of its port', () => {
  const netflow9 = Buffer.from('0009000100000000000000000000000000000000', 'hex');
  assert.equal(familyOf(netflow9, 2055), 'flow');
  assert.equal(familyOf(netflow9, 514), 'flow');
  assert.equal(familyOf(Buffer.from('<13>x'), 2055), 'syslog');
  assert.equal(familyOf(Buffer.from('no priority'), 514), 'syslog');
  assert.equal(familyOf(Buffer.from('no priority'), 5514), 'syslog');
  assert.equal(familyOf(Buffer.from('no priority'), 10_514), undefined);
  assert.equal(familyOf(Buffer.from('30820123', 'hex'), 10_162), undefined);
  assert.equal(familyOf(Buffer.from('30820123', 'hex'), 162), 'snmp');
  assert.equal(familyOf(Buffer.from('30820123', 'hex'), 1162), 'snmp');
});

test('SNMP is told by a notification of v1 or v2c, and by version 3, but not by a request', () => {
  const message = (version: string, pdu: string) => Buffer.from(`300c0201${version}040170${pdu}0400000000`, 'hex');
  for (const pdu of ['a4', 'a6', 'a7']) assert.equal(familyOf(message('01', pdu), 10_162), 'snmp', pdu);
  for (const pdu of ['a0', 'a2', 'a5']) assert.equal(familyOf(message('01', pdu), 10_162), undefined, pdu);
  assert.equal(familyOf(Buffer.from('3005020103300000', 'hex'), 10_162), 'snmp');
});

test('of what is wanted whatever it holds, text is syslog', () => {
  assert.equal(likeliestFamily(Buffer.from('no priority'), 10_514), 'syslog');
  assert.equal(likeliestFamily(Buffer.from('000500', 'hex'), 10_514), 'flow');
  assert.equal(likeliestFamily(Buffer.alloc(0), 10_514), 'flow');
});
