import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPORT_SECONDS, ipfix, longs, netflow9, set, template, words } from '../../../support/flow-datagrams.ts';
import { ARRIVAL_MICROS, startDecoding } from '../../../support/flow-decoding.ts';

const OCTETS = set(0, [template(256, [[1, 4]])]);
const MINUTE = 60_000_000;

test('data waits for its template and is decoded in its order when that comes', () => {
  const { feed, flows, decoder, exporter } = startDecoding();
  feed(netflow9({ sequence: 1 }, set(256, [longs(1, 2)])));
  feed(netflow9({ sequence: 2 }, set(256, [longs(3)])));
  assert.deepEqual(flows('bytes'), []);
  assert.equal(decoder.totals.waiting, 2);
  feed(netflow9({ sequence: 3 }, set(256, [longs(4)]), OCTETS, set(256, [longs(5)])));
  assert.deepEqual(flows('bytes'), [1, 2, 3, 4, 5]);
  assert.equal(decoder.totals.waiting, 0);
  assert.equal(decoder.totals.waitingBytes, 0);
  assert.equal(decoder.totals.decodedFromHold, 3);
  assert.equal(exporter().held, 3);
  assert.equal(exporter().records, 5);
  assert.equal(exporter().lost, 0);
});

test('what waited keeps its own arrival and the times of its own header', () => {
  const { feed, sinks } = startDecoding();
  // IE 22 is relative to the uptime of its own header: began 1 s before the export.
  feed(netflow9({ uptimeMs: 9000, seconds: EXPORT_SECONDS }, set(256, [longs(8000)])));
  const define = set(0, [template(256, [[22, 4]])]);
  feed(netflow9({ uptimeMs: 99_000, seconds: EXPORT_SECONDS + 90 }, define), { atMicros: ARRIVAL_MICROS + MINUTE });
  const [row] = sinks.flows.read();
  assert.equal(row?.['received_at'], ARRIVAL_MICROS);
  assert.equal(row?.['flow_start'], (EXPORT_SECONDS - 1) * 1_000_000);
});

test('the header of the datagram that brought the template counts again afterwards', () => {
  const { feed, sinks } = startDecoding();
  const define = set(0, [template(256, [[22, 4]])]);
  feed(netflow9({ uptimeMs: 9000 }, set(256, [longs(8000)])));
  feed(netflow9({ uptimeMs: 50_000, seconds: EXPORT_SECONDS + 100 }, define, set(256, [longs(48_000)])));
  const starts = sinks.flows.read().map((row) => row['flow_start']);
  assert.deepEqual(starts, [(EXPORT_SECONDS - 1) * 1_000_000, (EXPORT_SECONDS + 98) * 1_000_000]);
});

test('data waits on in another session until a template fits', () => {
  const { feed, flows } = startDecoding();
  feed(ipfix({}, set(256, [longs(7)])), { port: 1 });
  feed(ipfix({}, set(2, [template(256, [[1, 4]])])), { port: 2 });
  assert.deepEqual(flows('bytes'), [7]);
});

test('data of one domain does not take the template of another', () => {
  const { feed, decoder } = startDecoding();
  feed(ipfix({ domain: 1 }, set(256, [longs(7)])));
  feed(ipfix({ domain: 2 }, set(2, [template(256, [[1, 4]])])));
  assert.equal(decoder.totals.waiting, 1);
});

test('what has waited too long is given up and counted at its exporter', () => {
  const { feed, decoder, exporter } = startDecoding({ heldMaxAgeSeconds: 60 });
  feed(netflow9({}, set(256, [longs(1)])));
  decoder.sweep(ARRIVAL_MICROS + MINUTE);
  assert.equal(decoder.totals.waiting, 1);
  decoder.sweep(ARRIVAL_MICROS + MINUTE + 1);
  assert.equal(decoder.totals.waiting, 0);
  assert.equal(decoder.totals.heldExpired, 1);
  assert.equal(exporter().heldExpired, 1);
  feed(netflow9({}, OCTETS));
  assert.equal(decoder.totals.records, 0);
});

test('what waits is bounded for each exporter; its oldest goes first', () => {
  const { feed, flows, decoder, exporter } = startDecoding({ heldBytesPerExporter: 16_384 });
  for (let value = 0; value < 100; value++) feed(netflow9({ sequence: value }, set(256, [longs(value)])));
  feed(netflow9({}, set(256, [longs(7)])), { address: '192.0.2.9' });
  const { waiting, waitingBytes } = decoder.totals;
  assert.ok(waitingBytes <= 16_384 + 1024, `${waitingBytes} bytes`);
  assert.equal(exporter().heldExpired, 100 - (waiting - 1));
  feed(netflow9({ sequence: 100 }, OCTETS));
  const kept = flows('bytes');
  assert.equal(kept.length, waiting - 1);
  assert.equal(kept.at(-1), 99);
  assert.equal(kept[0], 100 - kept.length);
  assert.equal(exporter('192.0.2.9').heldExpired, 0);
});

test('what waits is bounded for all exporters together', () => {
  const { feed, decoder } = startDecoding({ heldBytes: 32_768 });
  for (let n = 0; n < 500; n++) feed(netflow9({}, set(256, [longs(n)])), { address: `10.0.${n >> 8}.${n & 255}` });
  const { waiting, waitingBytes, heldExpired } = decoder.totals;
  assert.ok(waitingBytes <= 32_768, `${waitingBytes} bytes`);
  assert.equal(waiting + heldExpired, 500);
});

test('a set that is larger than the bound is given up at once', () => {
  const { feed, decoder } = startDecoding({ heldBytesPerExporter: 1000 });
  feed(netflow9({}, set(256, [Buffer.alloc(2000)])));
  assert.equal(decoder.totals.waiting, 0);
  assert.equal(decoder.totals.heldExpired, 1);
});

test('templates beyond the budget of compilations have their data held and decoded later', () => {
  const { feed, flows, decoder } = startDecoding({ compilationBurst: 2, compilationsPerSecond: 1 });
  const define = (id: number) =>
    template(id, [
      [1, 4],
      [210, id - 255],
    ]);
  const record = (id: number) => set(id, [longs(id), Buffer.alloc(id - 255)]);
  const ids = [256, 257, 258, 259];
  feed(netflow9({}, set(0, ids.map(define)), ...ids.map(record)));
  assert.deepEqual(flows('bytes'), [256, 257]);
  assert.equal(decoder.totals.waiting, 2);
  // A second later there is one more, and that set goes before the new one of the same template.
  feed(netflow9({}, record(258)), { atMicros: ARRIVAL_MICROS + 1_000_000 });
  assert.deepEqual(flows('bytes'), [256, 257, 258, 258]);
  decoder.sweep(ARRIVAL_MICROS + 2_000_000);
  assert.deepEqual(flows('bytes'), [256, 257, 258, 258, 259]);
  assert.equal(decoder.totals.waiting, 0);
});

test('equal templates of many exporters are compiled once', () => {
  const { feed, decoder } = startDecoding({ compilationBurst: 1, compilationsPerSecond: 0 });
  for (let n = 1; n <= 50; n++) feed(netflow9({}, OCTETS, set(256, [longs(n)])), { address: `10.0.0.${n}` });
  assert.equal(decoder.totals.records, 50);
});

test('option data waits like any other', () => {
  const { feed, decoder, exporter } = startDecoding();
  feed(netflow9({}, set(300, [longs(0, 100)])));
  feed(netflow9({}, set(1, [words(300, 4, 4, 1, 4, 34, 4)])));
  assert.equal(decoder.totals.optionRecords, 1);
  assert.equal(exporter().samplingRate, 100);
});
