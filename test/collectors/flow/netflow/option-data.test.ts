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
import { ARRIVAL_MICROS, startDecoding } from '../../../support/flow-decoding.ts';

const HOUR = 3_600_000_000;
/** A data template with the octets, the ingress interface and the selector. */
const FLOW = set(2, [
  template(400, [
    [1, 4],
    [10, 4],
    [302, 4],
  ]),
]);
const flow = (octets: number, inIf: number, selector: number) => set(400, [longs(octets, inIf, selector)]);

/** Rate and source of the one row that a record without sampling fields of its own gets. */
function rateAfter(...datagrams: Buffer[]) {
  const { feed, sinks } = startDecoding();
  for (const datagram of datagrams) feed(datagram);
  feed(ipfix({}, FLOW, flow(1, 5, 77)));
  const [row] = sinks.flows.read();
  return [row?.['sampling_rate'], row?.['sampling_source']];
}

/** An IPFIX options template, scoped by the exporting process (IE 144), and its one record. */
function options(fields: readonly (readonly [number, number])[], ...values: Buffer[]): Buffer {
  return ipfix({}, set(3, [optionsTemplate(300, 1, [[144, 4], ...fields])]), set(300, [longs(1), ...values]));
}

test('the rate follows from whichever selection method is described', () => {
  assert.deepEqual(rateAfter(options([[34, 4]], longs(1000))), [1000, 'o']);
  assert.deepEqual(rateAfter(options([[50, 2]], words(512))), [512, 'o']);
  assert.deepEqual(
    rateAfter(
      options(
        [
          [305, 4],
          [306, 4],
        ],
        longs(1, 999),
      ),
    ),
    [1000, 'o'],
  );
  assert.deepEqual(
    rateAfter(
      options(
        [
          [305, 4],
          [306, 4],
        ],
        longs(10, 90),
      ),
    ),
    [10, 'o'],
  );
  assert.deepEqual(
    rateAfter(
      options(
        [
          [307, 4],
          [308, 4],
        ],
        longs(5, 45),
      ),
    ),
    [10, 'o'],
  );
  assert.deepEqual(
    rateAfter(
      options(
        [
          [309, 4],
          [310, 4],
        ],
        longs(1, 256),
      ),
    ),
    [256, 'o'],
  );
  const half = Buffer.alloc(8);
  half.writeDoubleBE(0.002);
  assert.deepEqual(rateAfter(options([[311, 8]], half)), [500, 'o']);
});

test('what is not described stays unknown', () => {
  assert.deepEqual(rateAfter(), [null, null]);
  assert.deepEqual(rateAfter(options([[34, 4]], longs(0))), [null, null]);
  assert.deepEqual(rateAfter(options([[305, 4]], longs(10))), [null, null]);
});

test('a rate beyond int4 is clamped', () => {
  assert.deepEqual(rateAfter(options([[34, 4]], longs(0xff_ff_ff_ff))), [2_147_483_647, 'o']);
});

test('two selectors have a rate each, and records are told apart by theirs', () => {
  const { feed, sinks } = startDecoding();
  const define = set(3, [
    optionsTemplate(300, 1, [
      [302, 4],
      [309, 4],
      [310, 4],
    ]),
  ]);
  feed(ipfix({}, define, set(300, [longs(1, 1, 100), longs(2, 1, 2000)])));
  feed(ipfix({}, FLOW, flow(1, 0, 1), flow(2, 0, 2), flow(3, 0, 3)));
  assert.deepEqual(
    sinks.flows.read().map((row) => row['sampling_rate']),
    [100, 2000, null],
  );
});

test('a selector may stand in a field instead of the scope', () => {
  const define = set(1, [
    optionsTemplate9(
      300,
      [[1, 4]],
      [
        [48, 1],
        [49, 1],
        [50, 4],
      ],
    ),
  ]);
  const { feed, sinks } = startDecoding();
  feed(netflow9({}, define, set(300, [longs(0), bytes(4, 2), longs(128)])));
  feed(
    netflow9(
      {},
      set(0, [
        template(400, [
          [1, 4],
          [48, 1],
        ]),
      ]),
      set(400, [longs(9), bytes(4)]),
    ),
  );
  assert.deepEqual(sinks.flows.read()[0]?.['sampling_rate'], 128);
});

test('records that name no selector take the rate of the only one there is', () => {
  const { feed, flows } = startDecoding();
  const define = set(3, [
    optionsTemplate(300, 1, [
      [302, 4],
      [34, 4],
    ]),
  ]);
  const plain = set(2, [template(401, [[1, 4]])]);
  feed(ipfix({}, define, set(300, [longs(1, 50)]), plain, set(401, [longs(1)])));
  feed(ipfix({}, set(300, [longs(2, 60)]), set(401, [longs(1)])));
  assert.deepEqual(flows('sampling_rate'), [50, null]);
});

test('an interface has its own rate, by scope of either protocol', () => {
  const { feed, sinks } = startDecoding();
  feed(netflow9({}, set(1, [optionsTemplate9(300, [[2, 4]], [[34, 4]])]), set(300, [longs(5, 10), longs(6, 20)])));
  feed(
    netflow9(
      {},
      set(0, [
        template(400, [
          [1, 4],
          [10, 4],
        ]),
      ]),
      set(400, [longs(1, 5), longs(1, 6), longs(1, 7)]),
    ),
  );
  const rates = sinks.flows.read().map((row) => row['sampling_rate']);
  assert.deepEqual(rates, [10, 20, null]);
});

test('interface 0 stands for all of them', () => {
  const { feed, exporter } = startDecoding();
  feed(netflow9({}, set(1, [optionsTemplate9(300, [[2, 2]], [[34, 4]])]), set(300, [words(0), longs(100)])));
  assert.equal(exporter().samplingRate, 100);
});

test('a rate scoped by template counts for the records of that template only', () => {
  const { feed, flows } = startDecoding();
  const templates = set(2, [template(400, [[1, 4]]), template(401, [[1, 4]])]);
  const define = set(3, [
    optionsTemplate(300, 1, [
      [145, 2],
      [34, 4],
    ]),
  ]);
  feed(ipfix({}, templates, define, set(300, [words(400), longs(64)])));
  feed(ipfix({}, set(400, [longs(1)]), set(401, [longs(2)]), set(400, [longs(3)])));
  assert.deepEqual(flows('sampling_rate'), [64, null, 64]);
});

test("an operator's word goes first, the longest prefix of it, and a default comes last", () => {
  const sampling = {
    default: 7,
    overrides: [
      { exporter: '192.0.0.0/8', rate: 2 },
      { exporter: '192.0.2.1', rate: 3 },
    ],
  };
  const { feed, sinks } = startDecoding({ sampling });
  for (const address of ['192.0.2.1', '192.0.2.2', '203.0.113.1', '203.0.113.2']) feed(ipfix({}, FLOW), { address });
  feed(options([[34, 4]], longs(1000)), { address: '192.0.2.1' });
  feed(options([[34, 4]], longs(1000)), { address: '203.0.113.1' });
  for (const address of ['192.0.2.1', '192.0.2.2', '203.0.113.1', '203.0.113.2']) {
    feed(ipfix({}, flow(1, 0, 0)), { address });
  }
  assert.deepEqual(
    sinks.flows.read().map((row) => [row['sampling_rate'], row['sampling_source']]),
    [
      [3, 'c'],
      [2, 'c'],
      [1000, 'o'],
      [7, 'd'],
    ],
  );
});

test('names of interfaces become rows, once until they change or an hour has passed', () => {
  const { feed, sinks } = startDecoding();
  const define = set(3, [
    optionsTemplate(300, 1, [
      [10, 4],
      [82, 8],
      [83, 65_535],
    ]),
  ]);
  const name = (text: string) =>
    set(300, [longs(3), Buffer.from('eth3\0\0\0\0'), bytes(text.length), Buffer.from(text)]);
  feed(ipfix({}, define, name('uplink')));
  feed(ipfix({}, define, name('uplink')), { atMicros: ARRIVAL_MICROS + HOUR - 1 });
  feed(ipfix({}, name('spare')), { atMicros: ARRIVAL_MICROS + HOUR - 1 });
  feed(ipfix({}, name('spare')), { atMicros: ARRIVAL_MICROS + 2 * HOUR });
  assert.deepEqual(
    sinks.interfaces.read().map((row) => [row['if_index'], row['exporter'], row['name'], row['description']]),
    [
      [3, '192.0.2.1', 'eth3', 'uplink'],
      [3, '192.0.2.1', 'eth3', 'spare'],
      [3, '192.0.2.1', 'eth3', 'spare'],
    ],
  );
});

test('names of applications become rows under the id that flows carry', () => {
  const { feed, sinks } = startDecoding();
  const define = set(1, [
    optionsTemplate9(
      300,
      [[1, 4]],
      [
        [95, 4],
        [96, 8],
        [94, 12],
        [372, 4],
      ],
    ),
  ]);
  const text = (value: string, size: number) => Buffer.concat([Buffer.from(value), Buffer.alloc(size - value.length)]);
  const record = [longs(0), bytes(13, 0, 1, 196), text('dns', 8), text('Domain Names', 12), text('net', 4)];
  feed(netflow9({}, define, set(300, record)));
  feed(netflow9({}, set(0, [template(400, [[95, 4]])]), set(400, [bytes(13, 0, 1, 196)])));
  const [row] = sinks.applications.read();
  assert.deepEqual(row, {
    seen_at: ARRIVAL_MICROS,
    exporter: '192.0.2.1',
    application_id: '13:452',
    name: 'dns',
    description: 'Domain Names',
    category: 'net',
  });
  assert.equal(sinks.flows.read()[0]?.['application_id'], '13:452');
});

test('the start of an exporter lets IPFIX use times that are relative to it', () => {
  const { feed, sinks } = startDecoding();
  const booted = 1_699_999_000_000;
  const milliseconds = Buffer.alloc(8);
  milliseconds.writeBigUInt64BE(BigInt(booted));
  feed(options([[160, 8]], milliseconds));
  feed(ipfix({}, set(2, [template(400, [[22, 4]])]), set(400, [longs(2500)])));
  assert.equal(sinks.flows.read()[0]?.['flow_start'], (booted + 2500) * 1000);
});

test('elements that an exporter defines have their names from then on (RFC 5610)', () => {
  const { feed, sinks } = startDecoding();
  const data = set(2, [words(400, 1, 0x80_09, 4), longs(9999)]);
  feed(ipfix({}, data, set(400, [longs(5)])));
  const define = set(3, [
    optionsTemplate(300, 2, [
      [346, 4],
      [303, 2],
      [339, 1],
      [341, 65_535],
    ]),
  ]);
  feed(ipfix({}, define, set(300, [longs(9999), words(9), bytes(3), bytes(7), Buffer.from('depthMm')])));
  feed(ipfix({}, set(400, [longs(6)])));
  assert.deepEqual(
    sinks.flows.read().map((row) => row['extra']),
    [{ '9999.9': '00000005' }, { depthMm: 6 }],
  );
});

test('a scope or option of length 0 takes no bytes', () => {
  const { feed, exporter, decoder } = startDecoding();
  const define = set(1, [
    optionsTemplate9(
      300,
      [[1, 0]],
      [
        [35, 1],
        [34, 4],
        [49, 0],
      ],
    ),
  ]);
  feed(netflow9({}, define, set(300, [bytes(2), longs(40)])));
  assert.equal(decoder.totals.optionRecords, 1);
  assert.equal(exporter().samplingRate, 40);
});

test('a tunnelled packet of the other family leaves the outer header whole', () => {
  const { feed, sinks } = startDecoding();
  const fields = [
    [27, 16],
    [28, 16],
    [7, 2],
    [11, 2],
    [4, 1],
    [8, 4],
    [12, 4],
    [7, 2],
    [11, 2],
    [4, 1],
  ] as const;
  const outer = [Buffer.alloc(16, 1), Buffer.alloc(16, 2), words(0, 0), bytes(4)];
  const inner = [bytes(192, 0, 2, 1), bytes(192, 0, 2, 2), words(1024, 80), bytes(6)];
  feed(ipfix({}, set(2, [template(256, fields)]), set(256, [...outer, ...inner])));
  const [row] = sinks.flows.read();
  assert.equal(row?.['src_addr'], '101:101:101:101:101:101:101:101');
  assert.equal(row?.['protocol'], 4);
  assert.deepEqual(row?.['extra'], {
    sourceIPv4Address: '192.0.2.1',
    destinationIPv4Address: '192.0.2.2',
    'sourceTransportPort.2': 1024,
    'destinationTransportPort.2': 80,
    'protocolIdentifier.2': 6,
  });
});
