import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeLossRow } from '../../../collectors/accounts/loss-row.ts';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { RowSink } from '../../../collectors/row-sink.ts';
import { inetField } from '../../../collectors/ip-address.ts';
import { readRows } from '../../../storage/batch/copy-reader.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;

test('only what was counted since the last row is written, in the minute of its arrival', () => {
  let end = 0;
  const bytes = Buffer.alloc(4096);
  const sink: RowSink = {
    bytes,
    get position() {
      return end;
    },
    reserve: () => {},
    commit: (position) => {
      end = position;
    },
  };
  const senderField = inetField(Buffer.from([192, 0, 2, 1]));
  const account = { family: 'flow', protocol: 'ipfix', observationDomain: 7, senderField } as const;
  const counts = { datagrams: 4, rows: 9, lost: 2, duplicates: 1, reordered: 0, restarts: 0 };
  const totals = { ...counts, undecodable: 0, held: 0, heldExpired: 0 };
  const written = {};
  writeLossRow(sink, account, totals, written, NOON + 59_999_999);
  writeLossRow(sink, account, totals, written, NOON + 60_000_000); // nothing new: no row
  writeLossRow(sink, account, { ...totals, datagrams: 5, lost: 1 }, written, NOON + 60_000_001);
  const found = readRows(bytes.subarray(0, end), LOSSES.columns);
  assert.deepEqual(
    found.map(({ minute, datagrams, rows, lost, sender }) => ({ minute, datagrams, rows, lost, sender })),
    [
      { minute: NOON, datagrams: 4, rows: 9, lost: 2, sender: '192.0.2.1' },
      { minute: NOON + 60_000_000, datagrams: 1, rows: 0, lost: -1, sender: '192.0.2.1' },
    ],
  );
});
