import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ARRIVAL_MICROS, startDecoding } from '../../support/flow-decoding.ts';
import { type Header, ipfix, longs, netflow9, set, template, words } from '../../support/flow-datagrams.ts';

// What waits for its template, in the account of its exporter. Records of four bytes: octetDeltaCount (1).

const TEMPLATE = template(256, [[1, 4]]);
const PROTOCOLS = {
  ipfix: { datagram: ipfix, templateSet: 2 },
  v9: { datagram: netflow9, templateSet: 0 },
} as const;

type Protocol = keyof typeof PROTOCOLS;

function exporting(protocol: Protocol) {
  const decoding = startDecoding({ heldMaxAgeSeconds: 100 });
  const { datagram, templateSet } = PROTOCOLS[protocol];
  const data = (records: number, id = 256): Buffer => set(id, Array<Buffer>(records).fill(longs(7)));
  const send = (header: Header, ...sets: Buffer[]): void => decoding.feed(datagram(header, ...sets));
  return { ...decoding, data, send, sayTemplate: (header: Header) => send(header, set(templateSet, [TEMPLATE])) };
}

test('IPFIX: what waited is received, and what was lost meanwhile is told when it is decoded', () => {
  const { send, data, sayTemplate, exporter } = exporting('ipfix');
  send({ sequence: 0 }, data(10));
  send({ sequence: 10 }, data(5), data(5));
  // 20 to 29 are lost.
  send({ sequence: 30 }, data(10));
  assert.equal(exporter().received, 30, 'all up to the last, as long as nobody can know better');
  sayTemplate({ sequence: 40 });
  const { received, lost, held, heldDecoded, heldExpired, records } = exporter();
  assert.deepEqual({ received, lost, records }, { received: 30, lost: 10, records: 30 });
  assert.deepEqual({ held, heldDecoded, heldExpired }, { held: 4, heldDecoded: 4, heldExpired: 0 });
});

test('IPFIX: a set before its template in one datagram counts at once', () => {
  const { send, data, exporter } = exporting('ipfix');
  send({ sequence: 100 }, data(3), set(2, [TEMPLATE]), data(4));
  send({ sequence: 107 }, data(1));
  send({ sequence: 110 }, data(1));
  const { received, lost } = exporter();
  assert.deepEqual({ received, lost }, { received: 9, lost: 2 });
});

test('NetFlow v9 counts datagrams, whatever waits in them', () => {
  const { send, data, sayTemplate, exporter } = exporting('v9');
  for (const sequence of [5, 6, 8]) send({ sequence }, data(3));
  sayTemplate({ sequence: 9 });
  const { received, lost, held, heldDecoded } = exporter();
  assert.deepEqual({ received, lost, held, heldDecoded }, { received: 4, lost: 1, held: 3, heldDecoded: 3 });
});

for (const protocol of ['ipfix', 'v9'] as const) {
  test(`${protocol}: what waits is decoded, or expires, or waits, in the ledger as well`, () => {
    const { send, data, sayTemplate, exporter, decoder, sinks } = exporting(protocol);
    send({ sequence: 0 }, data(2), data(2, 300));
    sayTemplate({ sequence: protocol === 'v9' ? 1 : 4 });
    send({ sequence: protocol === 'v9' ? 2 : 4 }, data(1), data(2, 301));
    const { totals } = decoder;
    const { held, heldDecoded, heldExpired } = exporter();
    assert.deepEqual([held, heldDecoded, heldExpired, totals.waiting], [3, 1, 0, 2]);
    decoder.sweep(ARRIVAL_MICROS + 101_000_000);
    assert.equal(exporter().heldExpired, 2);
    assert.equal(decoder.totals.waiting, 0);
    decoder.finish(ARRIVAL_MICROS + 102_000_000);
    const row = sinks.losses.read().at(-1);
    assert.deepEqual([row?.['held'], row?.['held_decoded'], row?.['held_expired']], [3, 1, 2]);
    // Nobody knows how much was in what expired: up to the next datagram it is all taken for received.
    assert.deepEqual([row?.['lost'], row?.['received']], [0, protocol === 'v9' ? 3 : 4]);
  });
}

test('what is of no protocol is in the account of who sent it, by its reason', () => {
  const { feed, decoder, sinks } = startDecoding();
  for (const address of ['192.0.2.7', '192.0.2.7', '192.0.2.8']) feed(words(4711, 1, 2, 3), { address });
  feed(Buffer.from([0]), { address: '192.0.2.7' });
  decoder.finish(ARRIVAL_MICROS);
  const rows = sinks.losses.read().map(({ sender, protocol, datagrams, undecodable, reasons }) => ({
    sender,
    protocol,
    told: [datagrams, undecodable, reasons],
  }));
  assert.deepEqual(rows, [
    { sender: '192.0.2.7', protocol: '', told: [3, 3, { unknown_version: 2, truncated_header: 1 }] },
    { sender: '192.0.2.8', protocol: '', told: [1, 1, { unknown_version: 1 }] },
  ]);
});
