import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoad } from '../../src/traffic/load.ts';
import { sendLoad } from '../../src/traffic/send-load.ts';
import { CollectingSocket } from './collecting-socket.ts';

test('as many records as rate and duration ask for arrive, evenly spread', { timeout: 20_000 }, async (context) => {
  const collector = await CollectingSocket.open();
  context.after(() => collector.close());
  const load = createLoad({ protocol: 'v5', exporters: 4 });
  const report = await sendLoad(load, { target: collector.target, recordsPerSecond: 60_000, durationMs: 500 });
  assert.ok(report.totals.records + report.skippedRecords >= 30_000, JSON.stringify(report.totals));
  assert.ok(report.totals.records < 30_000 + 30);
  assert.deepEqual(report.errors, {});
  const received = await collector.arrived(report.totals.datagrams);
  assert.equal(received.length, report.totals.datagrams);
  assert.equal(
    received.reduce((sum, { bytes }) => sum + bytes.readUInt16BE(2), 0),
    report.totals.records,
  );
  const firstHalf = received.filter(({ atMs }) => atMs < (received[0]?.atMs ?? 0) + 250).length;
  assert.ok(firstHalf > received.length * 0.3 && firstHalf < received.length * 0.7, `${firstHalf} in the first half`);
});

test('each exporter has a port of its own, and unbroken sequence numbers', { timeout: 20_000 }, async (context) => {
  const collector = await CollectingSocket.open();
  context.after(() => collector.close());
  const load = createLoad({ protocol: 'v9', exporters: 5 });
  const report = await sendLoad(load, { target: collector.target, recordsPerSecond: 20_000, durationMs: 200 });
  const received = await collector.arrived(report.totals.datagrams);
  for (const exporter of report.exporters) {
    const own = received.filter(({ port }) => port === exporter.localPort).map(({ bytes }) => bytes.readUInt32BE(12));
    assert.equal(own.length, exporter.datagrams);
    assert.deepEqual(
      own,
      Array.from(own, (_, index) => index),
    );
    assert.equal(exporter.firstSequence, 0);
    assert.equal(exporter.lastSequence, own.at(-1));
  }
});

test('with the loopback range each exporter has an address of its own', { timeout: 20_000 }, async (context) => {
  const collector = await CollectingSocket.open();
  context.after(() => collector.close());
  const report = await sendLoad(createLoad({ protocol: 'sflow', exporters: 3 }), {
    target: collector.target,
    recordsPerSecond: 10_000,
    durationMs: 100,
    source: 'loopback-range',
  });
  const received = await collector.arrived(report.totals.datagrams);
  assert.deepEqual([...new Set(received.map(({ address }) => address))].sort(), [
    '127.1.0.1',
    '127.1.0.2',
    '127.1.0.3',
  ]);
});

test('sending ends at once when it is interrupted, and says what was sent', { timeout: 20_000 }, async (context) => {
  const collector = await CollectingSocket.open();
  context.after(() => collector.close());
  const stop = new AbortController();
  const report = await sendLoad(createLoad({ protocol: 'ipfix', exporters: 1 }), {
    target: collector.target,
    recordsPerSecond: 10_000,
    durationMs: 3_600_000,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  assert.ok(report.interrupted && report.seconds < 10 && report.totals.records > 0);
});

test('a port where nobody listens is told by its error code', { timeout: 20_000 }, async () => {
  const collector = await CollectingSocket.open();
  const { target } = collector;
  collector.close();
  const load = createLoad({ protocol: 'v5', exporters: 1 });
  const { errors } = await sendLoad(load, { target, recordsPerSecond: 6000, durationMs: 200 });
  assert.ok((errors['ECONNREFUSED'] ?? 0) > 0, JSON.stringify(errors));
});
