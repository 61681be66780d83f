import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACILITY_NAMES, parseFacility, parseSeverities } from '../../src/query/logs/severities.ts';

// RFC 5424, tables 1 and 2.
test('severities are read by name, number, comparison, range and list', () => {
  const read = (words: string) => parseSeverities('severity', words).numbers;
  assert.deepEqual(read('warning'), [4]);
  assert.deepEqual(read('4'), [4]);
  for (const worse of ['warning+', '<=warning', '≤warning', '<=4', '< 5', 'emerg..warning', 'WARNING..emerg'])
    assert.deepEqual(read(worse), [0, 1, 2, 3, 4], worse);
  assert.deepEqual(read('>=info'), [6, 7]);
  assert.deepEqual(read('>notice'), [6, 7]);
  assert.deepEqual(read('err..crit,debug'), [2, 3, 7]);
  assert.deepEqual(read('panic,error,warn'), [0, 3, 4]);
  assert.deepEqual(parseSeverities('severity', 'none,crit'), { numbers: [2], none: true });
});

test('what is no severity or facility is refused with what there is', () => {
  for (const wrong of ['', 'loud', '8', '-1', 'err..', '..err', '+', 'warning++', '<', 'err,,crit', 'constructor']) {
    assert.throws(() => parseSeverities('severity', wrong), { code: 'USAGE' }, wrong);
  }
  for (const wrong of ['', 'local8', '24', 'toString'])
    assert.throws(() => parseFacility('facility', wrong), { code: 'USAGE' }, wrong);
});

test('facilities are read by name and number', () => {
  assert.equal(FACILITY_NAMES.length, 24);
  const read = ['kern', 'AUTH', 'security', 'ftp', 'local0', 'local7', '23', 'authpriv'];
  assert.deepEqual(
    read.map((word) => parseFacility('facility', word)),
    [0, 4, 4, 11, 16, 23, 23, 10],
  );
});
