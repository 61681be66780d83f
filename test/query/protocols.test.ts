import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protocolName, protocolNumber, serviceName, tcpFlagsText } from '../../src/query/protocols.ts';

test('protocols by name and number, as IANA has them', () => {
  assert.deepEqual(
    ['tcp', 'UDP', 'icmp', 'ipv6-icmp', 'gre', 'sctp', '89', '255'].map(protocolNumber),
    [6, 17, 1, 58, 47, 132, 89, 255],
  );
  assert.deepEqual(['256', 'constructor', '', '-1', '6.0'].map(protocolNumber), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual([protocolName(6), protocolName(253)], ['tcp', 'protocol 253']);
});

test('services by protocol and port', () => {
  assert.equal(serviceName(6, 443), 'https');
  assert.equal(serviceName(17, 514), 'syslog');
  assert.equal(serviceName(6, 514), 'shell');
  assert.equal(serviceName(132, 3868), 'diameter');
  assert.equal(serviceName(6, 64_999), undefined);
});

test('TCP flags as letters, FIN first', () => {
  assert.deepEqual([0, 2, 18, 27, 511].map(tcpFlagsText), ['-', 'S', 'SA', 'FSPA', 'FSRPAUECN']);
});
