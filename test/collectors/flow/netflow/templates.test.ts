import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytes,
  ipfix,
  longs,
  netflow9,
  optionsTemplate,
  optionsTemplate9,
  set,
  template,
  words,
} from '../../../support/flow-datagrams.ts';
import { startDecoding } from '../../../support/flow-decoding.ts';

const OCTETS = 1;
const PACKETS = 2;

test('NetFlow v9 is parsed by the lengths of its sets, whatever the header counts', () => {
  const { feed, flows } = startDecoding();
  const datagram = netflow9(
    {},
    set(0, [template(256, [[OCTETS, 4]])]),
    set(256, [longs(11, 12)]),
    set(256, [longs(13)]),
  );
  datagram.writeUInt16BE(1, 2);
  feed(datagram);
  assert.deepEqual(flows('bytes'), [11, 12, 13]);
});

test('a tail of zeros ends a datagram quietly', () => {
  const { feed, flows, troubles } = startDecoding();
  feed(netflow9({}, set(0, [template(256, [[OCTETS, 4]])]), set(256, [longs(11)]), Buffer.alloc(400)));
  assert.deepEqual(flows('bytes'), [11]);
  assert.deepEqual(troubles, []);
});

test('a set shorter than its own header ends the datagram, and is counted', () => {
  for (const length of [1, 2, 3]) {
    const { feed, flows, reasons } = startDecoding();
    feed(netflow9({}, set(0, [template(256, [[OCTETS, 4]])]), words(256, length), set(256, [longs(11)])));
    assert.deepEqual(flows('bytes'), []);
    assert.deepEqual(reasons(), ['bad_set_length']);
  }
});

test('a set that is longer than the datagram gives the records that are there', () => {
  const { feed, flows, reasons } = startDecoding();
  const datagram = netflow9({}, set(0, [template(256, [[OCTETS, 4]])]), set(256, [longs(11, 12, 13)]));
  feed(datagram.subarray(0, datagram.length - 2));
  assert.deepEqual(flows('bytes'), [11, 12]);
  assert.deepEqual(reasons(), ['truncated_set']);
});

test('ids that no RFC defines are counted and passed over', () => {
  const { feed, flows, reasons } = startDecoding();
  feed(netflow9({}, set(0, [template(256, [[OCTETS, 4]])]), set(7, [longs(1)]), set(256, [longs(11)])));
  feed(ipfix({}, set(0, [longs(1)]), set(255, [longs(1)])));
  assert.deepEqual(flows('bytes'), [11]);
  assert.deepEqual(reasons(), ['reserved_set', 'reserved_set', 'reserved_set']);
});

test('padding of up to three bytes behind records, and of any length behind templates, is nothing', () => {
  const { feed, flows, troubles, decoder } = startDecoding();
  feed(
    netflow9(
      {},
      set(0, [template(256, [[OCTETS, 3]]), template(257, [[OCTETS, 4]])], 7),
      set(1, [optionsTemplate9(258, [[1, 4]], [[34, 4]])], 10),
      set(256, [bytes(0, 0, 7)], 1),
      set(257, [longs(8)], 3),
    ),
  );
  assert.deepEqual(flows('bytes'), [7, 8]);
  assert.deepEqual(troubles, []);
  assert.equal(decoder.totals.templates, 2);
  assert.equal(decoder.totals.optionTemplates, 1);
});

test('an IPFIX message ends where its header says, and one that claims more gives what is there', () => {
  const { feed, flows, reasons } = startDecoding();
  const message = ipfix({}, set(2, [template(256, [[OCTETS, 4]])]), set(256, [longs(11)]));
  feed(Buffer.concat([message, set(256, [longs(99)])]));
  assert.deepEqual(flows('bytes'), [11]);
  const claiming = ipfix({}, set(256, [longs(12)]));
  claiming.writeUInt16BE(claiming.length + 8, 2);
  feed(claiming);
  assert.deepEqual(flows('bytes'), [11, 12]);
  const tiny = ipfix({}, set(256, [longs(13)]));
  tiny.writeUInt16BE(3, 2);
  feed(tiny);
  assert.deepEqual(flows('bytes'), [11, 12]);
  assert.deepEqual(reasons(), ['bad_length', 'bad_length']);
});

test('the enterprise bit counts in IPFIX only', () => {
  const { feed, sinks } = startDecoding();
  // Type 32769 without an enterprise number in NetFlow v9; element 1 of enterprise 77 in IPFIX.
  feed(netflow9({}, set(0, [template(256, [[32_769, 4]])]), set(256, [longs(5)])));
  feed(ipfix({}, set(2, [words(256, 1, 0x80_01, 4), longs(77)]), set(256, [longs(6)])));
  assert.deepEqual(
    sinks.flows.read().map((row) => row['extra']),
    [{ '0.32769': '00000005' }, { '77.1': '00000006' }],
  );
});

test('a field of variable length is read in both protocols, with the long form too', () => {
  const { feed, sinks } = startDecoding();
  const text = (value: string) => Buffer.concat([bytes(value.length), Buffer.from(value)]);
  const long = Buffer.concat([bytes(255), words(300), Buffer.alloc(300, 'x')]);
  const fields = [
    [82, 65_535],
    [OCTETS, 4],
  ] as const;
  feed(netflow9({}, set(0, [template(256, fields)]), set(256, [text('eth0'), longs(1), long, longs(2)])));
  feed(ipfix({}, set(2, [template(256, fields)]), set(256, [text(''), longs(3), text('lo'), longs(4)])));
  const rows = sinks.flows.read();
  assert.deepEqual(
    rows.map((row) => row['bytes']),
    [1, 2, 3, 4],
  );
  assert.deepEqual(rows[1]?.['extra'], { interfaceName: 'x'.repeat(300) });
  assert.deepEqual(rows[3]?.['extra'], { interfaceName: 'lo' });
});

test('a new template displaces the old one in flight', () => {
  const { feed, sinks } = startDecoding();
  feed(ipfix({}, set(2, [template(256, [[OCTETS, 4]])]), set(256, [longs(11)])));
  feed(ipfix({ sequence: 1 }, set(2, [template(256, [[PACKETS, 4]])]), set(256, [longs(12)])));
  assert.deepEqual(
    sinks.flows.read().map((row) => [row['bytes'], row['packets']]),
    [
      [11, null],
      [null, 12],
    ],
  );
});

test('an invalid new template displaces the old one too', () => {
  const { feed, flows, decoder, reasons } = startDecoding();
  feed(ipfix({}, set(2, [template(256, [[OCTETS, 4]])]), set(256, [longs(11)])));
  feed(ipfix({ sequence: 1 }, set(2, [template(256, [[OCTETS, 0]])]), set(256, [longs(12)])));
  assert.deepEqual(flows('bytes'), [11]);
  assert.deepEqual(reasons(), ['bad_template']);
  assert.equal(decoder.totals.waiting, 1);
});

test('a withdrawn template is forgotten; withdrawals of all are of one kind', () => {
  const { feed, flows, decoder } = startDecoding();
  const define = set(2, [template(256, [[OCTETS, 4]]), template(257, [[OCTETS, 4]])]);
  feed(
    ipfix(
      {},
      define,
      set(3, [
        optionsTemplate(258, 1, [
          [149, 4],
          [34, 4],
        ]),
      ]),
    ),
  );
  feed(ipfix({}, set(2, [words(256, 0)]), set(256, [longs(1)]), set(257, [longs(2)])));
  assert.deepEqual(flows('bytes'), [2]);
  feed(ipfix({}, set(2, [words(2, 0)]), set(257, [longs(3)]), set(258, [longs(0, 10)])));
  assert.deepEqual(flows('bytes'), [2]);
  assert.equal(decoder.totals.optionRecords, 1);
  feed(ipfix({}, set(3, [words(3, 0)]), set(258, [longs(0, 10)])));
  assert.equal(decoder.totals.optionRecords, 1);
  assert.equal(decoder.totals.waiting, 3);
});

test('templates belong to their session and domain', () => {
  const { feed, sinks } = startDecoding();
  const octets = set(2, [template(256, [[OCTETS, 4]])]);
  const packets = set(2, [template(256, [[PACKETS, 4]])]);
  feed(ipfix({}, octets), { port: 1000 });
  feed(ipfix({}, packets), { port: 2000 });
  feed(ipfix({ domain: 9 }, packets), { port: 1000 });
  feed(ipfix({}, octets), { address: '192.0.2.2', port: 1000 });
  feed(ipfix({}, set(256, [longs(1)])), { port: 1000 });
  feed(ipfix({}, set(256, [longs(2)])), { port: 2000 });
  feed(ipfix({ domain: 9 }, set(256, [longs(3)])), { port: 1000 });
  feed(ipfix({}, set(256, [longs(4)])), { address: '192.0.2.2', port: 1000 });
  assert.deepEqual(
    sinks.flows.read().map((row) => [row['bytes'], row['packets']]),
    [
      [1, null],
      [null, 2],
      [null, 3],
      [4, null],
    ],
  );
});

test('an exporter that changed its port is understood by its newest template', () => {
  const { feed, flows } = startDecoding();
  feed(netflow9({}, set(0, [template(256, [[OCTETS, 4]])])), { port: 1000 });
  feed(netflow9({}, set(256, [longs(5)])), { port: 1001 });
  assert.deepEqual(flows('bytes'), [5]);
});

test('data that does not fit the template of another session waits for its own', () => {
  const { feed, flows, decoder } = startDecoding();
  feed(netflow9({}, set(0, [template(256, [[OCTETS, 8]])])), { port: 1000 });
  feed(netflow9({}, set(256, [longs(5)])), { port: 1001 });
  assert.equal(decoder.totals.waiting, 1);
  feed(netflow9({}, set(0, [template(256, [[OCTETS, 4]])])), { port: 1001 });
  assert.deepEqual(flows('bytes'), [5]);
});

test('templates that describe nothing, or too much, are refused and counted', () => {
  const tooMany = Array.from({ length: 4097 }, () => [OCTETS, 1] as const);
  const cases: [string, Buffer][] = [
    ['bad_template', set(2, [template(256, [[OCTETS, 0]])])],
    [
      'bad_template',
      set(2, [
        template(256, [
          [OCTETS, 40_000],
          [PACKETS, 40_000],
        ]),
      ]),
    ],
    ['bad_template', set(2, [words(256, 65_535, OCTETS, 4)])],
    ['bad_template', set(2, [words(17, 1, OCTETS, 4)])],
    ['bad_template', set(3, [words(256, 1, 2, 34, 4)])],
    ['bad_template', set(3, [words(256, 1)])],
    ['too_many_fields', set(2, [template(256, tooMany)])],
  ];
  for (const [reason, bad] of cases) {
    const { feed, reasons, exporter } = startDecoding();
    feed(ipfix({}, bad));
    assert.deepEqual(reasons(), [reason]);
    assert.equal(exporter().templates, 0);
    assert.equal(exporter().undecodable, 1);
  }
});

test('options templates of NetFlow v9 with lengths that are no whole fields are refused', () => {
  const { feed, reasons } = startDecoding();
  feed(netflow9({}, set(1, [words(256, 3, 4, 1, 4, 34, 4)])));
  assert.deepEqual(reasons(), ['bad_template']);
});

test('a record that ends in the middle is counted, what came before it is kept', () => {
  const { feed, flows, reasons } = startDecoding();
  const define = set(2, [
    template(256, [
      [OCTETS, 4],
      [82, 65_535],
    ]),
  ]);
  feed(ipfix({}, define, set(256, [longs(1), bytes(2, 65, 66), longs(2), bytes(9, 65)])));
  assert.deepEqual(flows('bytes'), [1]);
  assert.deepEqual(reasons(), ['truncated_record']);
});
