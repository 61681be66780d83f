import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LossAccount, writeLeftLosses } from '../../../collectors/accounts/loss-account.ts';
import type { LossCounts } from '../../../collectors/accounts/loss-row.ts';
import { LossTally } from '../../../collectors/accounts/loss-tally.ts';
import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import { inetField } from '../../../collectors/ip-address.ts';
import { MemorySink } from '../../support/memory-sink.ts';

const NOON = Date.UTC(2026, 10, 22, 12) * 1000;
const SENDER = {
  family: 'flow',
  protocol: 'ipfix',
  observationDomain: 7,
  senderField: inetField(Buffer.from([192, 0, 2, 1])),
} as const;

const NOTHING: LossCounts = new LossTally('flow', SENDER.senderField);
const nothing = (): LossCounts => ({ ...NOTHING });

test('a row says all of its minute, a later one of the same account more, and the next minute begins at nothing', () => {
  const sink = new MemorySink(LOSSES);
  const totals = nothing();
  const account = new LossAccount(SENDER, totals);
  account.atTime(sink, NOON + 1);
  Object.assign(totals, { datagrams: 4, lost: 2 });
  account.countReason('truncated_set');
  account.write(sink);
  account.write(sink); // nothing new: no row
  totals.datagrams = 5;
  account.atTime(sink, NOON + 60_000_000);
  Object.assign(totals, { datagrams: 6, lost: 1 });
  account.write(sink);
  const rows = sink.read();
  assert.deepEqual(
    rows.map(({ minute, datagrams, lost, version, sender, reasons }) => ({
      minute,
      datagrams,
      lost,
      version,
      sender,
      reasons,
    })),
    [
      { minute: NOON, datagrams: 4, lost: 2, version: 2, sender: '192.0.2.1', reasons: { truncated_set: 1 } },
      { minute: NOON, datagrams: 5, lost: 2, version: 4, sender: '192.0.2.1', reasons: { truncated_set: 1 } },
      { minute: NOON + 60_000_000, datagrams: 1, lost: -1, version: 6, sender: '192.0.2.1', reasons: {} },
    ],
  );
  assert.equal(new Set(rows.map(({ account: number }) => number)).size, 1);
});

test('what a process had counted when it was killed comes after the rows that it had written, and before later ones', () => {
  const sink = new MemorySink(LOSSES);
  const totals = nothing();
  const account = new LossAccount(SENDER, totals);
  account.atTime(sink, NOON);
  Object.assign(totals, { datagrams: 4, rows: 80 });
  account.write(sink);
  totals.datagrams = 9;
  account.countReason('bad_count');
  const state = new Float64Array(100);
  const left = {
    description: account.describe(),
    note: account.takeNote(true) ?? '',
    state: state.slice(0, account.writeState(state, 0)),
  };
  assert.equal(writeLeftLosses(sink, left), true);
  const found = sink
    .read()
    .map(({ minute, datagrams, rows, version, family, protocol, observation_domain: domain }) => ({
      minute,
      datagrams,
      rows,
      version,
      family,
      protocol,
      domain,
    }));
  const row = { minute: NOON, rows: 80, family: 'flow', protocol: 'ipfix', domain: 7 };
  assert.deepEqual(found, [
    { ...row, datagrams: 4, version: 2 },
    { ...row, datagrams: 9, version: 3 },
  ]);
  assert.deepEqual(sink.read()[1]?.['reasons'], { bad_count: 1 });
  assert.equal(sink.read()[0]?.['account'], sink.read()[1]?.['account']);
});

test('what is no account is passed over', () => {
  const sink = new MemorySink(LOSSES);
  const state = new Float64Array(17).fill(1);
  for (const description of ['', '{}', '["losses"]', '["losses","ftp","",0,"00"]'])
    assert.equal(writeLeftLosses(sink, { description, note: '', state }), false);
  const description = '["losses","snmp","",0,"0000000802200004c0000201"]';
  assert.equal(writeLeftLosses(sink, { description, note: '', state: state.subarray(0, 5) }), false);
  assert.equal(writeLeftLosses(sink, { description, note: '', state: state.map(() => 0.5) }), false);
  assert.equal(writeLeftLosses(sink, { description, note: '{"a":"b"}', state }), true);
  assert.deepEqual(sink.read()[0]?.['reasons'], {});
});
