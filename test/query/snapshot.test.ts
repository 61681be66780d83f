import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSeenIn } from '../../src/query/snapshot.ts';

// PostgreSQL manual, 9.28, "Snapshot Components": below xmin all are over, from xmax on none is, between those that are listed.
test('a transaction is seen when it was over at the time of the snapshot', () => {
  const snapshot = '100:110:103,105';
  const seen = ['3', '99', '100', '102', '104', '109'];
  const unseen = ['103', '105', '110', '111', '2000000'];
  for (const xid of seen) assert.equal(isSeenIn(xid, snapshot), true, xid);
  for (const xid of unseen) assert.equal(isSeenIn(xid, snapshot), false, xid);
  assert.equal(isSeenIn('100', '100:100:'), false);
});

test('numbers of transactions may have begun again at 3', () => {
  const epoch = 4_294_967_296n;
  const snapshot = `${epoch + 50n}:${epoch + 60n}:${epoch + 55n}`;
  assert.equal(isSeenIn('49', snapshot), true);
  assert.equal(isSeenIn('55', snapshot), false);
  assert.equal(isSeenIn('60', snapshot), false);
  assert.equal(isSeenIn('4294967290', snapshot), true); // of the epoch before
  assert.equal(isSeenIn('5', `4294967200:4294967290:`), false); // of the next one
});
