import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gapsText } from '../../src/cli/loss/gaps-text.ts';
import { lossAdvice, lossTable } from '../../src/cli/loss/loss-screen.ts';
import type { LossLine } from '../../src/query/losses.ts';

const QUIET: LossLine = {
  key: '192.0.2.1',
  family: 'flow',
  datagrams: 100,
  sent: 3000,
  lost: 0,
  duplicates: 0,
  reordered: 0,
  restarts: 0,
  kernelDrops: 0,
  undecodable: 0,
  reasons: {},
  held: 0,
  heldDecoded: 0,
  heldExpired: 0,
  rows: 3000,
  filtered: 0,
  dropped: 0,
  rejected: 0,
  stored: 3000,
  waiting: 0,
};

test('where nothing was lost the table is short, and there is nothing to advise', () => {
  const table = lossTable([QUIET], 'sender', {});
  assert.match(table, /sender +family +datagrams +sent +lost % +rows +stored/);
  assert.match(table, /192\.0\.2\.1 +flow +100 +3,000 +0 +3,000 +3,000/);
  assert.equal(lossAdvice([QUIET], 'sender'), '');
});

test('what was lost has a column, and words for the worst of each kind', () => {
  const worse: LossLine = { ...QUIET, key: '192.0.2.2', lost: 300, kernelDrops: 2, dropped: 500, stored: 2200 };
  const table = lossTable([worse, QUIET], 'sender', {});
  assert.match(table, /lost +~kernel/);
  assert.match(table, /dropped/);
  const advice = lossAdvice([QUIET, worse], 'sender');
  assert.match(advice, /2 datagrams of 192\.0\.2\.2 .* receiveBuffer/);
  assert.match(
    advice,
    /8\.2 % of what 192\.0\.2\.2 sent did not come as far as here/,
    'two datagrams had 27 flows each',
  );
  assert.match(advice, /500 rows of 192\.0\.2\.2 were lost at the bound/);
});

test('what the kernel dropped is not looked for on the path, whatever unit the exporter counts in', () => {
  // 100 datagrams of 30 flows came, and 10 of them were dropped.
  const line: LossLine = { ...QUIET, sent: 3300, lost: 300, kernelDrops: 10 };
  const advice = lossAdvice([line], 'sender');
  assert.match(advice, /10 datagrams of 192\.0\.2\.1 came and were dropped by the kernel/);
  assert.doesNotMatch(advice, /path/);
});

test('what could not be decoded has its reasons, the most frequent first', () => {
  const advice = lossAdvice(
    [{ ...QUIET, undecodable: 1004, reasons: { bad_count: 4, truncated_set: 1000 } }],
    'sender',
  );
  assert.match(advice, /1,004 of 192\.0\.2\.1 could not be decoded: truncated_set 1,000, bad_count 4\./);
});

test('rows that wait are explained: most are only not counted yet', () => {
  const advice = lossAdvice([{ ...QUIET, stored: 2000, waiting: 1000 }], 'sender');
  assert.match(advice, /counted as stored some seconds after the minute/);
  assert.match(advice, /dogwatch status shows the journal/);
});

test('nobody counts what syslog senders sent', () => {
  const table = lossTable([{ ...QUIET, family: 'syslog', sent: null }], 'sender', {});
  assert.match(table, /syslog +100 +3,000 +3,000/);
});

test('no line is no loss', () => {
  assert.match(lossTable([], 'sender', {}), /Nothing of this time is in the ledger/);
});

test('gaps are told under an answer that they touch, the worst three', () => {
  assert.equal(gapsText([]), '');
  const none = { lostShare: 0, rowsLost: 0, rowsRejected: 0, setsExpired: 0, undecodable: 0 };
  const gap = (last: number) => ({ ...none, exporter: `192.0.2.${last}`, lostShare: 0.021 });
  assert.match(
    gapsText([gap(1)]),
    /2\.1 % of what 192\.0\.2\.1 sent in this time did not arrive\.\nSee dogwatch loss\./,
  );
  assert.equal(
    gapsText([{ ...none, exporter: '192.0.2.9', rowsLost: 1200, rowsRejected: 2, setsExpired: 30, undecodable: 4 }]),
    `
1,200 flows of 192.0.2.9 arrived and were lost at the journal's bound.
2 flows of 192.0.2.9 were refused by the database.
30 sets of flows of 192.0.2.9 waited for their template in vain.
4 datagrams, sets or records of 192.0.2.9 could not be decoded.
See dogwatch loss.
`,
  );
  assert.match(gapsText([1, 2, 3, 4].map(gap)), /1 more exporter has gaps/);
  assert.match(gapsText([1, 2, 3, 4, 5].map(gap)), /2 more exporters have gaps/);
});
