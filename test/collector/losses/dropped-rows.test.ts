import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeLeftLosses } from '../../../collectors/accounts/loss-account.ts';
import type { LoggedAccount } from '../../../collectors/accounts/logged-account.ts';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import { FLOWS } from '../../../collectors/flow/tables.ts';
import { DroppedRows } from '../../../src/collector/losses/dropped-rows.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { sealedBatch } from '../../support/batches.ts';
import { MemorySink } from '../../support/memory-sink.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;

test('rows that the journal lost are logged until they are in a row, and what a successor writes is not added to it', () => {
  const dropped = new DroppedRows(systemClock);
  const logged: LoggedAccount[] = [];
  dropped.accountLog = {
    changed: (account) => {
      account.isLogDue = true;
      logged.push(account);
    },
  };
  const row = (seconds: number) => ({ received_at: NOON + seconds * 1_000_000, exporter: '192.0.2.1' });
  const batch = sealedBatch(FLOWS, [row(1), row(59), row(60)]);
  dropped.take({ table: 'flows', rows: 3, why: 'the journal is full', batch });
  assert.equal(logged.length, 2, 'one for each minute, once a turn');
  assert.deepEqual([...dropped.loggedAccounts()], logged);

  const left = new MemorySink(LOSSES);
  for (const account of logged) {
    const state = new Float64Array(256);
    const end = account.writeState(state, 0);
    writeLeftLosses(left, { description: account.describe(), note: '', state: state.subarray(0, end) });
  }
  const written = new MemorySink(LOSSES);
  dropped.write(written);
  const facts = (sink: MemorySink) =>
    sink.read().map(({ minute, sender, dropped: rows, version }) => ({ minute, sender, rows, version }));
  const expected = (version: number) => [
    { minute: NOON, sender: '192.0.2.1', rows: 2, version },
    { minute: NOON + 60_000_000, sender: '192.0.2.1', rows: 1, version },
  ];
  assert.deepEqual(facts(left), expected(1));
  assert.deepEqual(facts(written), expected(2));
  assert.deepEqual(
    written.read().map(({ account }) => account),
    left.read().map(({ account }) => account),
  );
  assert.deepEqual([...dropped.loggedAccounts()], []);
});
