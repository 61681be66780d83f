import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPORT_SECONDS, ipfix, longs, netflow9, set, template, words } from '../../support/flow-datagrams.ts';
import { ARRIVAL_MICROS, startDecoding } from '../../support/flow-decoding.ts';

const SECOND = 1_000_000;
const DEFINE9 = set(0, [template(256, [[1, 4]])]);
const DEFINE = set(2, [template(256, [[1, 4]])]);

/** NetFlow 5 with empty records: version, count, uptime, seconds, nanoseconds, sequence, engine type and id, sampling. */
function netflow5(count: number, sequence: number, engine = 0, sampling = 0, uptimeMs = 60_000): Buffer {
  const header = [words(5, count), longs(uptimeMs, EXPORT_SECONDS, 0, sequence), words(engine, sampling)];
  return Buffer.concat([...header, Buffer.alloc(48 * count)]);
}

/** sFlow 5 without samples: version, address type and agent, sub-agent, sequence, uptime, samples. */
function sflow5(agent: Buffer, subAgent: number, sequence: number, uptimeMs = 60_000): Buffer {
  return Buffer.concat([longs(5, agent.length === 4 ? 1 : 2), agent, longs(subAgent, sequence, uptimeMs, 0)]);
}

test('any protocol may come to any port and is told apart by its header', () => {
  const { feed, decoder, troubles } = startDecoding();
  const agent = Buffer.from([10, 0, 0, 1]);
  const netflow7 = Buffer.concat([words(7, 1), longs(1, EXPORT_SECONDS, 0, 0, 0), Buffer.alloc(52)]);
  const netflow1 = Buffer.concat([words(1, 1), longs(1, EXPORT_SECONDS, 0), Buffer.alloc(48)]);
  for (const datagram of [netflow1, netflow5(1, 0), netflow7, netflow9({}), ipfix({}), sflow5(agent, 0, 1)]) {
    feed(datagram, { localPort: 6343 });
  }
  assert.deepEqual(
    [...decoder.exporters()].map(({ protocol }) => protocol),
    ['netflow1', 'netflow5', 'netflow7', 'netflow9', 'ipfix', 'sflow5'],
  );
  assert.equal(decoder.totals.records, 3);
  assert.deepEqual(troubles, []);
});

test('what is no flow protocol is counted, with its first bytes, and makes no exporter', () => {
  const { feed, decoder, troubles } = startDecoding();
  feed(Buffer.from('<134>Oct 11 22:14:15 router syslog message to the wrong port'));
  feed(longs(4, 1, 2, 3)); // sFlow 4
  feed(Buffer.alloc(0));
  feed(words(9, 1));
  feed(words(10, 16, 0, 0));
  feed(words(5, 1));
  feed(longs(5, 1, 2));
  assert.deepEqual(
    troubles.map(({ reason }) => reason),
    ['unknown_version', 'unknown_version', ...Array.from({ length: 5 }, () => 'truncated_header')],
  );
  assert.equal(troubles[0]?.address, '192.0.2.1');
  assert.equal(troubles[0].port, 40_000);
  assert.equal(troubles[0].firstBytes, Buffer.from('<134>Oct 11 22:14:15 router sysl').toString('hex'));
  assert.equal(decoder.totals.undecodable, 7);
  assert.equal(decoder.totals.exporters, 0);
});

test('an exporter is an address, an observation domain and a protocol', () => {
  const { feed, decoder } = startDecoding();
  feed(netflow9({ domain: 1 }));
  feed(netflow9({ domain: 2 }));
  feed(ipfix({ domain: 1 }));
  feed(netflow9({ domain: 1 }), { port: 9, localPort: 10 });
  feed(netflow9({ domain: 1 }), { address: '2001:db8::5' });
  feed(netflow5(1, 0, 0x01_02));
  assert.deepEqual(
    [...decoder.exporters()].map((each) => [each.address, each.observationDomain, each.protocol, each.datagrams]),
    [
      ['192.0.2.1', 2, 'netflow9', 1],
      ['192.0.2.1', 1, 'ipfix', 1],
      ['192.0.2.1', 1, 'netflow9', 2],
      ['2001:db8::5', 1, 'netflow9', 1],
      ['192.0.2.1', 258, 'netflow5', 1],
    ],
  );
});

test('a sFlow exporter is its agent, whoever sends the datagram', () => {
  const { feed, decoder } = startDecoding();
  const agent = Buffer.from([10, 0, 0, 1]);
  feed(sflow5(agent, 7, 1), { address: '192.0.2.1', port: 1 });
  feed(sflow5(agent, 7, 2), { address: '192.0.2.2', port: 2 });
  feed(sflow5(Buffer.alloc(16, 1), 7, 1), { address: '192.0.2.2' });
  feed(sflow5(agent, 7, 5), { address: '192.0.2.1', port: 3 });
  assert.deepEqual(
    [...decoder.exporters()].map((each) => [each.address, each.observationDomain, each.datagrams, each.lost]),
    [
      ['101:101:101:101:101:101:101:101', 7, 1, 0],
      ['10.0.0.1', 7, 3, 2],
    ],
  );
});

test('each protocol counts its losses in its own unit', () => {
  const { feed, decoder } = startDecoding();
  feed(netflow5(2, 100));
  feed(netflow5(2, 112)); // 10 records between
  feed(netflow9({ sequence: 5 }, DEFINE9, set(256, [longs(1, 2, 3)])));
  feed(netflow9({ sequence: 8 }, set(256, [longs(1, 2, 3)]))); // 2 datagrams between
  feed(ipfix({ sequence: 50 }, DEFINE, set(256, [longs(1, 2, 3)])));
  feed(ipfix({ sequence: 60 }, set(256, [longs(1)]))); // 7 records between
  feed(ipfix({ sequence: 61 }));
  assert.deepEqual(
    [...decoder.exporters()].map(({ protocol, lost }) => [protocol, lost]),
    [
      ['netflow5', 10],
      ['netflow9', 2],
      ['ipfix', 7],
    ],
  );
});

test('sessions of one exporter have sequence numbers of their own', () => {
  const { feed, exporter } = startDecoding();
  for (let n = 0; n < 10; n++) {
    feed(ipfix({ sequence: 1000 + n * 2 }, DEFINE, set(256, [longs(1, 2)])), { port: 1 });
    feed(ipfix({ sequence: 900_000 + n * 2 }, DEFINE, set(256, [longs(1, 2)])), { port: 2 });
  }
  const { lost, reordered, duplicates, restarts } = exporter();
  assert.deepEqual({ lost, reordered, duplicates, restarts }, { lost: 0, reordered: 0, duplicates: 0, restarts: 0 });
});

test('an exporter that changes its port goes on counting', () => {
  const { feed, exporter } = startDecoding();
  for (let n = 0; n < 10; n++) feed(netflow9({ sequence: n * 2 }), { port: 1000 + n });
  assert.equal(exporter().lost, 9);
});

test('IPFIX data that waits leaves the number of records open, and nothing is made up', () => {
  const { feed, exporter } = startDecoding();
  feed(ipfix({ sequence: 0 }, set(256, [longs(1, 2, 3)])));
  feed(ipfix({ sequence: 3 }, DEFINE));
  feed(ipfix({ sequence: 3 }, set(256, [longs(1)])));
  assert.equal(exporter().lost, 0);
  assert.equal(exporter().duplicates, 0);
});

test('the sampling rate of a NetFlow 5 header counts for its records, in whatever mode', () => {
  const { feed, sinks } = startDecoding({ sampling: { default: 9 } });
  feed(netflow5(1, 0, 0, (1 << 14) | 100));
  feed(netflow5(1, 1, 0, 200));
  feed(netflow5(1, 2, 0, 0));
  assert.deepEqual(
    sinks.flows.read().map((row) => [row['sampling_rate'], row['sampling_source']]),
    [
      [100, 'h'],
      [200, 'h'],
      [9, 'd'],
    ],
  );
});

test('a NetFlow 5 header that counts more records than there are is counted, and they are decoded', () => {
  const { feed, decoder, reasons } = startDecoding();
  const datagram = netflow5(2, 0);
  datagram.writeUInt16BE(30, 2);
  feed(datagram);
  assert.equal(decoder.totals.records, 2);
  assert.deepEqual(reasons(), ['bad_count']);
});

test('what happened at an exporter is written as the difference to its row before', () => {
  const { feed, decoder, sinks } = startDecoding({ exporterRowSeconds: 10 });
  feed(netflow9({ sequence: 1, domain: 4 }, DEFINE9, set(256, [longs(1, 2)])));
  feed(netflow9({ sequence: 4, domain: 4 }, set(300, [longs(1)])), { atMicros: ARRIVAL_MICROS + SECOND });
  decoder.sweep(ARRIVAL_MICROS + 9 * SECOND);
  assert.equal(sinks.exporters.rows, 0);
  decoder.sweep(ARRIVAL_MICROS + 10 * SECOND);
  decoder.sweep(ARRIVAL_MICROS + 20 * SECOND); // nothing new, no row
  feed(netflow9({ sequence: 3, domain: 4 }, words(256, 2)), { atMicros: ARRIVAL_MICROS + 21 * SECOND });
  decoder.finish(ARRIVAL_MICROS + 22 * SECOND);
  const same = { observation_domain: 4, restarts: 0, exporter: '192.0.2.1', protocol: 'netflow9', held_expired: 0 };
  assert.deepEqual(sinks.exporters.read(), [
    {
      ...same,
      seen_at: ARRIVAL_MICROS + SECOND,
      datagrams: 2,
      records: 2,
      lost: 2,
      reordered: 0,
      undecodable: 0,
      held: 1,
    },
    {
      ...same,
      seen_at: ARRIVAL_MICROS + 21 * SECOND,
      datagrams: 1,
      records: 0,
      lost: -1, // given back
      reordered: 1,
      undecodable: 1,
      held: 0,
    },
  ]);
});

test('an idle exporter is forgotten with its last counts written', () => {
  const { feed, decoder, sinks } = startDecoding({ exporterIdleSeconds: 100, exporterRowSeconds: 1000 });
  feed(netflow9({}, DEFINE9, set(256, [longs(1)]), set(999, [longs(1)])));
  decoder.sweep(ARRIVAL_MICROS + 100 * SECOND);
  assert.equal(decoder.totals.exporters, 1);
  decoder.sweep(ARRIVAL_MICROS + 101 * SECOND);
  assert.equal(decoder.totals.exporters, 0);
  assert.equal(decoder.totals.waiting, 0);
  const [row] = sinks.exporters.read();
  assert.equal(row?.['records'], 1);
  assert.equal(row?.['held_expired'], 1);
});

test('the totals keep what forgotten exporters had lost', () => {
  const { feed, decoder } = startDecoding({ maxExporters: 1 });
  feed(netflow9({ sequence: 1 }));
  feed(netflow9({ sequence: 5 }));
  feed(netflow9({ sequence: 5 }), { address: '192.0.2.2' });
  assert.equal(decoder.totals.lost, 3);
  assert.equal(decoder.totals.exporterEvictions, 1);
});

test('an observer sees each definition and each option record', () => {
  const seen: string[] = [];
  const { feed } = startDecoding({
    observer: {
      template: (exporter, { id, options }) => seen.push(`${exporter.address} ${id} ${options}`),
      optionRecord: (_exporter, { id }, bytes, start, end) => seen.push(`${id} ${bytes.toString('hex', start, end)}`),
    },
  });
  feed(netflow9({}, DEFINE9, set(1, [words(300, 4, 4, 1, 4, 34, 4)]), set(300, [longs(1, 2, 3, 4)])));
  assert.deepEqual(seen, ['192.0.2.1 256 false', '192.0.2.1 300 true', '300 0000000100000002', '300 0000000300000004']);
});

test('a defect in the program is counted as one and does not stop the collector', () => {
  const { sinks, feed, decoder, reasons } = startDecoding();
  sinks.flows.reserve = () => {
    throw new Error('defect');
  };
  feed(netflow5(1, 0));
  assert.deepEqual(reasons(), ['internal_error']);
  assert.equal(decoder.totals.undecodable, 1);
});
