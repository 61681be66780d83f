import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readPcap } from '../../../../src/traffic/pcap.ts';
import {
  ipfix,
  longs,
  netflow9,
  optionsTemplate,
  optionsTemplate9,
  set,
  template,
  withoutTemplates,
  words,
} from '../../../support/flow-datagrams.ts';
import { ARRIVAL_MICROS, startDecoding } from '../../../support/flow-decoding.ts';
import { randomNumbers } from '../../../support/random-numbers.ts';
import { describeEntries, ToldEntries } from '../../../support/warm-entries.ts';

const CASES = new URL('../../../cases/', import.meta.url);
const HOUR = 3_600_000_000;
const SECOND = 1_000_000;

// RFC 3954: octetDeltaCount (1) of four bytes.
const DEFINE9 = set(0, [template(256, [[1, 4]])]);
const DEFINE = set(2, [template(256, [[1, 4]])]);
const WITHDRAW = set(2, [template(256, [])]);
const data = (octets: number): Buffer => set(256, [longs(octets)]);

function startTelling(options = {}) {
  const decoding = startDecoding(options);
  return { ...decoding, told: new ToldEntries().listenTo(decoding.decoder) };
}

for (const name of readdirSync(CASES).filter((each) => /netflow9|ipfix/.test(each))) {
  const file = new URL(`${name}/datagrams.pcap`, CASES);
  if (!existsSync(file)) continue;
  test(`${name}: a decoder that heard no template decodes the first data by those of another`, () => {
    const datagrams = [...readPcap(readFileSync(file))].map((each) => ({
      payload: Buffer.from(each.payload),
      from: {
        address: each.sourceAddress,
        port: each.sourcePort,
        localPort: each.destinationPort,
        atMicros: each.timeMicros,
      },
    }));
    const first = startTelling();
    for (const { payload, from } of datagrams) first.feed(payload, from);
    const second = startDecoding();
    first.told.restoreInto(second.decoder);
    assert.equal(second.decoder.totals.exporters, 0, 'nobody was heard yet');
    for (const { payload, from } of datagrams) second.feed(withoutTemplates(payload), from);
    assert.ok(first.decoder.totals.rows > 0);
    assert.equal(second.decoder.totals.templates + second.decoder.totals.optionTemplates, 0);
    assert.equal(second.decoder.totals.held, 0);
    assert.deepEqual(second.sinks.flows.read(), first.sinks.flows.read());
  });

  test(`${name}: what was told is what is known`, () => {
    const { feed, decoder, told } = startTelling();
    for (const { payload, sourceAddress, sourcePort } of readPcap(readFileSync(file)))
      feed(Buffer.from(payload), { address: sourceAddress, port: sourcePort });
    assert.deepEqual(describeEntries(told.all), describeEntries(decoder.warmEntries()));
    assert.ok(told.all.length > 0);
  });
}

test('a template that is repeated unchanged is told once, and again after six hours', () => {
  const { feed, told } = startTelling();
  feed(netflow9({}, DEFINE9));
  for (let minute = 1; minute < 360; minute++)
    feed(netflow9({}, DEFINE9), { atMicros: ARRIVAL_MICROS + minute * 60 * SECOND });
  assert.equal(told.log.length, 1);
  feed(netflow9({}, DEFINE9), { atMicros: ARRIVAL_MICROS + 6 * HOUR });
  assert.equal(told.log.length, 2);
});

test('the value of a template is a version, flags, and its record as it was on the wire', () => {
  const { feed, told } = startTelling();
  feed(ipfix({ domain: 7 }, DEFINE), { address: '2001:db8::1', port: 4739, localPort: 2055 });
  const [entry] = told.all;
  assert.equal(entry?.kind, 'flow.template');
  assert.equal(entry.key, 'ipfix 2001:db8::1 7 4739 2055 256');
  assert.deepEqual(Buffer.from(entry.value ?? []), Buffer.concat([Buffer.of(1, 0), words(256, 1, 1, 4)]));
});

test('a template with a new meaning takes the place of the old one', () => {
  const first = startTelling();
  const second = startDecoding();
  first.feed(netflow9({}, DEFINE9));
  first.told.restoreInto(second.decoder);
  second.feed(netflow9({ sequence: 1 }, data(1000)));
  first.feed(netflow9({ sequence: 1 }, set(0, [template(256, [[2, 4]])]))); // packets now
  first.told.restoreInto(second.decoder);
  second.feed(netflow9({ sequence: 2 }, data(9)));
  assert.deepEqual(second.flows('bytes'), [1000, null]);
  assert.deepEqual(second.flows('packets'), [null, 9]);
});

test('a withdrawn template is not known any more anywhere, whoever had told it', () => {
  const first = startTelling();
  const second = startTelling();
  first.feed(ipfix({}, DEFINE));
  first.told.restoreInto(second.decoder);
  second.feed(ipfix({}, WITHDRAW));
  assert.equal(second.told.log.length, 1);
  for (const entry of second.told.log) first.decoder.restoreWarm(entry);
  first.feed(ipfix({}, data(5)));
  assert.equal(first.decoder.totals.held, 1);
  assert.deepEqual(
    [...first.decoder.warmEntries()].map(({ kind }) => kind),
    ['flow.held'],
  );
});

test('so are all that are withdrawn at once', () => {
  const first = startTelling();
  const second = startTelling();
  first.feed(ipfix({}, DEFINE, set(2, [template(257, [[2, 4]])])));
  first.told.restoreInto(second.decoder);
  second.feed(ipfix({}, set(2, [template(2, [])]))); // RFC 7011 section 8.1: the id of the set means all
  for (const entry of second.told.log) first.decoder.restoreWarm(entry);
  assert.deepEqual([...first.decoder.warmEntries()], []);
});

test('rates follow: of a selector, an interface and the whole exporter', () => {
  const first = startTelling();
  // RFC 3954 section 8: FLOW_SAMPLER_ID 48 and FLOW_SAMPLER_RANDOM_INTERVAL 50; SAMPLING_INTERVAL 34 by interface and system.
  const options = set(1, [
    optionsTemplate9(
      300,
      [[1, 4]],
      [
        [48, 1],
        [50, 4],
      ],
    ),
    optionsTemplate9(301, [[2, 4]], [[34, 4]]),
    optionsTemplate9(302, [[1, 4]], [[34, 4]]),
  ]);
  const selector = set(300, [longs(1), Buffer.of(5), longs(100)], 3);
  first.feed(netflow9({}, options, selector, set(301, [longs(7, 200)]), set(302, [longs(1, 300)])));
  const flows = set(0, [
    template(256, [
      [1, 4],
      [48, 1],
    ]),
    template(257, [
      [1, 4],
      [10, 4],
    ]),
    template(258, [[1, 4]]),
  ]);
  first.feed(netflow9({ sequence: 1 }, flows));
  assert.equal(first.told.ofKind('flow.sampling').length, 3);
  const second = startDecoding();
  first.told.restoreInto(second.decoder);
  const records = [set(256, [longs(1), Buffer.of(5)], 3), set(257, [longs(1, 7)]), set(258, [longs(1)])];
  second.feed(netflow9({ sequence: 2 }, ...records));
  assert.deepEqual(second.flows('sampling_rate'), [100, 200, 300]);
  assert.deepEqual(second.flows('sampling_source'), ['o', 'o', 'o']);
  first.feed(netflow9({ sequence: 2 }, selector));
  assert.equal(first.told.log.length, 9, 'a rate that is repeated is not told again');
});

test('the start of an exporter and the elements that it named follow', () => {
  const first = startTelling();
  const start = optionsTemplate(300, 1, [
    [149, 4],
    [160, 8],
  ]);
  // RFC 5610: privateEnterpriseNumber, informationElementId, DataType (3: unsigned32), Name.
  const named = optionsTemplate(301, 2, [
    [346, 4],
    [303, 2],
    [339, 1],
    [341, 8],
  ]);
  const name = Buffer.concat([longs(55_555), words(77), Buffer.of(3), Buffer.from('widgets\0')]);
  const startedAt = Buffer.alloc(8);
  startedAt.writeBigUInt64BE(1_699_999_000_000n);
  first.feed(ipfix({}, set(3, [start, named]), set(300, [longs(0), startedAt]), set(301, [name])));
  const second = startDecoding();
  first.told.restoreInto(second.decoder);
  // flowStartSysUpTime (22), and the enterprise's element.
  const fields = Buffer.concat([words(256, 3, 1, 4, 22, 4, 0x80_00 | 77, 4), longs(55_555)]);
  for (const { feed } of [first, second])
    feed(ipfix({ sequence: 2 }, set(2, [fields]), set(256, [longs(10, 5000, 42)])));
  assert.deepEqual(second.sinks.flows.read(), first.sinks.flows.read());
  const [row] = second.sinks.flows.read();
  assert.match(JSON.stringify(row?.['extra']), /widgets/);
  // 1,699,999,000 s and 5,000 ms of uptime.
  assert.equal(Number(row?.['flow_start']), 1_699_999_005_000_000);
});

test('data that waits goes to a successor, and is decoded there with its own time of arrival', () => {
  const first = startTelling();
  first.feed(netflow9({}, data(111)));
  assert.deepEqual(
    first.told.all.map(({ kind }) => kind),
    ['flow.held'],
  );
  const successor = startTelling();
  first.told.restoreInto(successor.decoder);
  assert.equal(successor.decoder.totals.waiting, 1);
  successor.feed(netflow9({ sequence: 1 }, DEFINE9), { atMicros: ARRIVAL_MICROS + 60 * SECOND });
  assert.deepEqual(successor.flows('bytes'), [111]);
  const [row] = successor.sinks.flows.read();
  assert.equal(Number(row?.['received_at']), ARRIVAL_MICROS);
  const removals = successor.told.log.filter(({ value }) => value === undefined);
  assert.deepEqual(
    removals.map(({ key }) => key),
    first.told.all.map(({ key }) => key),
  );
});

test('data that waits is decoded when another process hears the template', () => {
  const waits = startTelling();
  const hears = startTelling();
  waits.feed(netflow9({}, data(111)));
  hears.feed(netflow9({ sequence: 1 }, DEFINE9));
  hears.told.restoreInto(waits.decoder);
  assert.deepEqual(waits.flows('bytes'), [111]);
  assert.equal(waits.decoder.totals.waiting, 0);
  assert.deepEqual(waits.told.ofKind('flow.held'), []);
});

test('data that is given up is not told any more', () => {
  const { feed, decoder, told } = startTelling({ heldMaxAgeSeconds: 10 });
  feed(netflow9({}, data(1)));
  decoder.sweep(ARRIVAL_MICROS + 11 * SECOND);
  assert.equal(decoder.totals.heldExpired, 1);
  assert.deepEqual(told.all, []);
});

test('an exporter that moves between processes keeps decoding, and is forgotten only by the one that hears it', () => {
  const first = startTelling({ exporterIdleSeconds: 100 });
  const second = startTelling({ exporterIdleSeconds: 100 });
  first.feed(netflow9({}, DEFINE9, data(1)));
  first.told.restoreInto(second.decoder);
  const later = ARRIVAL_MICROS + 50 * SECOND;
  second.feed(netflow9({ sequence: 1 }, data(2)), { atMicros: later });
  second.feed(netflow9({ sequence: 2 }, DEFINE9), { atMicros: later });
  assert.equal(second.told.log.length, 1, 'who hears it tells it');
  for (const entry of second.told.log) first.decoder.restoreWarm(entry);
  first.decoder.sweep(ARRIVAL_MICROS + 200 * SECOND);
  assert.equal(first.told.log.length, 1, 'what others hear is forgotten in silence');
  second.feed(netflow9({ sequence: 3 }, data(3)), { atMicros: later });
  assert.deepEqual(second.flows('bytes'), [2, 3]);
  second.decoder.sweep(ARRIVAL_MICROS + 200 * SECOND);
  assert.deepEqual(second.told.all, []);
});

test('a restored exporter counts no datagram, is in no list, and is forgotten when nobody tells of it', () => {
  const first = startTelling();
  first.feed(netflow9({}, DEFINE9));
  const { decoder } = startDecoding();
  first.told.restoreInto(decoder);
  decoder.sweep(ARRIVAL_MICROS);
  assert.deepEqual([...decoder.exporters()], []);
  assert.equal([...decoder.warmEntries()].length, 1);
  decoder.sweep(ARRIVAL_MICROS + 25 * HOUR);
  assert.deepEqual([...decoder.warmEntries()], []);
});

test('restored entries take no more room than the limits give, and displace nobody who is heard', () => {
  const { feed, decoder } = startDecoding({ maxExporters: 5, maxTemplatesPerExporter: 20, maxTemplateFields: 15 });
  feed(netflow9({}, DEFINE9, data(1)));
  const value = Buffer.concat([Buffer.of(1, 0), words(256, 1, 1, 4)]);
  for (let index = 0; index < 1000; index++) {
    const key = `netflow9 10.0.${index >> 8}.${index & 255} 0 1 2055 256`;
    decoder.restoreWarm({ kind: 'flow.template', key, value });
    value.writeUInt16BE(256 + index, 2);
    decoder.restoreWarm({ kind: 'flow.template', key: `netflow9 10.0.0.0 0 1 2055 ${256 + index}`, value });
    value.writeUInt16BE(256, 2);
    decoder.restoreWarm({
      kind: 'flow.sampling',
      key: `netflow9 10.0.0.0 0 selector ${index}`,
      value: Buffer.of(1, 0, 0, 0, 5, 111),
    });
  }
  const { length } = [...decoder.warmEntries()].filter(({ kind }) => kind === 'flow.template');
  assert.ok(length > 5 && length <= 15, String(length));
  feed(netflow9({ sequence: 1 }, data(2)));
  assert.equal(decoder.totals.held, 0);
});

test('a flood of data without templates is told within a budget', () => {
  const { feed, told } = startTelling();
  const large = set(256, [Buffer.alloc(1400)]);
  for (let index = 0; index < 20_000; index++)
    feed(netflow9({ sequence: index }, large), { address: `10.0.${index >> 8}.${index & 255}` });
  const bytes = told.log.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  assert.ok(bytes > 1 << 20 && bytes <= 9 << 20, String(bytes));
});

test('mutated entries never throw, and leave nothing that cannot be decoded with', () => {
  const first = startTelling();
  const all = [
    [1, 4],
    [8, 4],
    [95, 65_535],
  ] as const;
  first.feed(netflow9({}, set(0, [template(256, all)]), set(300, [Buffer.alloc(8)])));
  first.feed(
    ipfix(
      {},
      set(2, [template(256, all)]),
      set(3, [
        optionsTemplate(301, 1, [
          [149, 4],
          [160, 8],
          [34, 4],
        ]),
      ]),
    ),
  );
  first.feed(ipfix({ sequence: 1 }, set(301, [longs(0, 1, 2, 3)]), set(302, [Buffer.alloc(8)])));
  const entries = first.told.all;
  assert.equal(new Set(entries.map(({ kind }) => kind)).size, 4);
  const { decoder, feed, reasons } = startDecoding();
  const random = randomNumbers(1);
  for (let round = 0; round < 20_000; round++) {
    const entry = entries[random(entries.length)];
    const value = Buffer.from(entry?.value ?? []);
    const cut = random(4) === 0 ? value.subarray(0, random(value.length + 1)) : value;
    for (let change = random(4); change > 0; change--) if (cut.length > 0) cut[random(cut.length)] = random(256);
    let key = entry?.key ?? '';
    if (random(3) === 0)
      key = key.slice(0, random(key.length)) + String.fromCharCode(random(300)) + key.slice(random(key.length));
    decoder.restoreWarm({ kind: entry?.kind ?? '', key, value: random(20) === 0 ? undefined : cut });
    if (round % 100 === 0) decoder.sweep(ARRIVAL_MICROS + round * SECOND);
  }
  for (let id = 256; id < 400; id++) {
    feed(netflow9({}, set(id, [Buffer.alloc(40, 1)])));
    feed(ipfix({}, set(id, [Buffer.alloc(40, 1)])));
  }
  assert.ok(!reasons().includes('internal_error'));
});
