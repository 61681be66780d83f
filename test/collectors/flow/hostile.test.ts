import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MAX_SESSIONS } from '../../../collectors/flow/netflow/template-store.ts';
import { readPcap } from '../../../src/traffic/pcap.ts';
import { bytes, ipfix, longs, netflow9, optionsTemplate9, set, template, words } from '../../support/flow-datagrams.ts';
import { ARRIVAL_MICROS, startDecoding } from '../../support/flow-decoding.ts';

const CASES = new URL('../../cases/', import.meta.url);

/** A repeatable source of numbers below `bound` (mulberry32). */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Real datagrams of every protocol, and some by hand with every kind of set. */
function goodDatagrams(): Buffer[] {
  const captures = readdirSync(CASES, { withFileTypes: true })
    .map((entry) => new URL(`${entry.name}/datagrams.pcap`, CASES))
    .filter((file) => existsSync(file));
  const real = captures.flatMap((file) => [...readPcap(readFileSync(file))].map(({ payload }) => payload));
  const name = Buffer.concat([bytes(4), Buffer.from('eth0')]);
  const byHand = [
    netflow9(
      {},
      set(0, [
        template(256, [
          [8, 4],
          [12, 4],
          [95, 65_535],
        ]),
      ]),
      set(256, [longs(1, 2), bytes(2, 3, 4)]),
    ),
    netflow9(
      {},
      set(1, [
        optionsTemplate9(
          300,
          [[2, 4]],
          [
            [82, 65_535],
            [34, 4],
          ],
        ),
      ]),
      set(300, [longs(1), name, longs(9)]),
    ),
    ipfix({}, set(2, [words(257, 2, 0x80_09, 65_535), longs(9999), words(291, 65_535)]), set(257, [name, name])),
  ];
  return [...byHand, ...real];
}

/** Feeds what it is given and checks, at the end, that nothing broke and all rows can be read back. */
function survive(feedAll: (feed: (datagram: Buffer) => void) => void) {
  const decoding = startDecoding();
  feedAll((datagram) => decoding.feed(datagram));
  decoding.decoder.sweep(ARRIVAL_MICROS + 1e9);
  const defects = decoding.troubles.filter(({ reason }) => reason === 'internal_error');
  assert.deepEqual(defects, []);
  for (const sink of Object.values(decoding.sinks)) sink.read();
  return decoding;
}

test('random bytes behind a good version number break nothing', () => {
  const random = randomNumbers(1);
  survive((feed) => {
    for (let round = 0; round < 20_000; round++) {
      const datagram = Buffer.alloc(random(200));
      for (let at = 0; at < datagram.length; at++) datagram[at] = random(256);
      if (datagram.length >= 4)
        datagram.writeUInt32BE([0x1_00_00, 0x5_00_00, 0x7_00_00, 0x9_00_00, 0xa_00_00, 5][random(6)] ?? 5);
      feed(datagram);
    }
  });
});

test('random sets behind good headers break nothing', () => {
  const random = randomNumbers(2);
  const few = () => [0, 1, 2, 3, 4, 16, 255, 256, 257, 258, 65_535][random(11)] ?? 0;
  survive((feed) => {
    for (let round = 0; round < 20_000; round++) {
      const contents = words(...Array.from({ length: random(24) }, () => (random(3) === 0 ? random(65_536) : few())));
      const id = [0, 1, 2, 3, 256, 257, 258][random(7)] ?? 0;
      const body = random(4) === 0 ? Buffer.concat([words(id, few()), contents]) : set(id, [contents]);
      feed(random(2) === 0 ? netflow9({}, body, body) : ipfix({}, body, body));
    }
  });
});

test('good datagrams that are cut at every length break nothing', () => {
  const datagrams = goodDatagrams().filter((_, index) => index < 3 || index % 5 === 0);
  survive((feed) => {
    for (const datagram of datagrams) {
      feed(datagram);
      for (let length = 0; length < datagram.length; length++) feed(datagram.subarray(0, length));
    }
  });
});

test('good datagrams with a few bytes changed break nothing', () => {
  const random = randomNumbers(3);
  const datagrams = goodDatagrams();
  survive((feed) => {
    for (let round = 0; round < 8000; round++) {
      const datagram = Buffer.from(datagrams[random(datagrams.length)] ?? Buffer.alloc(0));
      for (let changes = 1 + random(4); changes > 0; changes--) {
        // Headers and lengths are near the front.
        const at = random(random(2) === 0 ? Math.min(64, datagram.length) : datagram.length);
        datagram[at] = [0, 1, 255, random(256)][random(4)] ?? 0;
      }
      feed(datagram);
    }
  });
});

test('a flood of templates is bounded; those in use stay', () => {
  const { feed, flows, exporter } = startDecoding({ maxTemplatesPerExporter: 50 });
  feed(netflow9({}, set(0, [template(256, [[1, 4]])])));
  for (let id = 300; id < 20_300; id++) {
    feed(
      netflow9(
        {},
        set(0, [
          template(id, [
            [1, 4],
            [2, (id % 8) + 1],
          ]),
        ]),
      ),
    );
    if (id % 20 === 0) feed(netflow9({}, set(256, [longs(1)])));
  }
  assert.ok(exporter().templates <= 50);
  assert.ok(exporter().templateEvictions >= 20_000 - 50);
  assert.equal(flows('bytes').length, 1000);
});

test('a flood of source ports is bounded, and the newest template is still there', () => {
  const { feed, flows, exporter } = startDecoding();
  feed(netflow9({}, set(0, [template(256, [[1, 4]])])), { port: 1 });
  for (let port = 2; port < 5000; port++) feed(netflow9({}, set(0, [template(257 + (port % 3), [[1, 4]])])), { port });
  assert.ok(exporter().templates <= MAX_SESSIONS + 4, `${exporter().templates} templates`);
  feed(netflow9({}, set(256, [longs(5)])), { port: 6000 });
  assert.deepEqual(flows('bytes'), [5]);
  // Its session is gone: a newer template of that id takes its place and does not stand beside it.
  const before = exporter().templates;
  feed(netflow9({}, set(0, [template(256, [[1, 4]])])), { port: 6000 });
  assert.equal(exporter().templates, before);
});

test('a flood of spoofed exporters is bounded; those that send stay', () => {
  const { feed, decoder, sinks } = startDecoding({ maxExporters: 100 });
  for (let n = 0; n < 20_000; n++) {
    feed(netflow9({}, set(999, [longs(n)])), { address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` });
    if (n % 50 === 0) feed(netflow9({ sequence: n / 50 }), { address: '192.0.2.7' });
  }
  const { exporters, exporterEvictions, waiting } = decoder.totals;
  assert.equal(exporters, 100);
  assert.equal(exporterEvictions, 20_001 - 100);
  assert.ok(waiting <= 100);
  const [steady] = [...decoder.exporters()].filter(({ address }) => address === '192.0.2.7');
  assert.equal(steady?.datagrams, 400);
  assert.equal(sinks.exporters.rows, exporterEvictions); // nobody goes uncounted
});

test('the fields of all templates together are bounded', () => {
  const { feed, decoder } = startDecoding({ maxTemplateFields: 10_000 });
  const fields = Array.from({ length: 100 }, () => [1, 1] as const);
  for (let n = 0; n < 500; n++)
    feed(ipfix({}, set(2, [template(256, fields)])), { address: `10.0.${n >> 8}.${n & 255}` });
  assert.equal(decoder.totals.exporters, 100);
});

test('a template as large as a datagram costs an exporter no more than its share', () => {
  const { feed, exporter } = startDecoding();
  const fields = Array.from({ length: 4000 }, () => [1, 1] as const);
  for (let id = 256; id < 356; id++) feed(netflow9({}, set(0, [template(id, fields)])));
  assert.ok(exporter().templates <= 65_536 / 4000);
});

test('a record of empty fields of variable length does not go on for ever', () => {
  const { feed, decoder } = startDecoding();
  feed(ipfix({}, set(3, [words(300, 1, 1, 82, 65_535)]), set(300, [Buffer.alloc(1000)])));
  assert.equal(decoder.totals.optionRecords, 1000);
});
