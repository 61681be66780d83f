import assert from 'node:assert/strict';
import { test } from 'node:test';
import data from '../../../../collectors/flow/sflow/sflow-structures.json' with { type: 'json' };
import { SflowDecoder } from '../../../../collectors/flow/sflow/sflow.ts';
import { ethernetFrame, udpDatagram } from '../../../support/frames.ts';
import { memorySinks } from '../../../support/flow-sinks.ts';
import {
  counterSample,
  discardedPacket,
  expandedFlowSample,
  flowSample,
  rawHeader,
  sflowDatagram,
  structure,
  xdr,
} from '../../../support/sflow-datagram.ts';
import { ARRIVED_AT, exporterState } from '../../../support/sflow-rows.ts';

// Every test reads the rows back: `MemorySink` fails on a byte written beyond the reserve, `readRows` on bytes that are
// no whole rows, `JSON.parse` on text that PostgreSQL would refuse.

const FRAME = ethernetFrame(
  { protocol: 17, source: '2001:db8::1', destination: '2001:db8::2', vlan: 7 },
  udpDatagram(50_000, 4789, Buffer.from(`0800000000012c00${'02'.repeat(12)}0800${'45'.repeat(40)}`, 'hex')),
);
const GATEWAY = xdr(2, Buffer.alloc(16, 9), 1, 2, 3, 2, 2, 2, 7, 8, 1, 1, 9, 2, 0x10002, 0x10003, 100);
const GOOD = sflowDatagram([
  flowSample([
    rawHeader(FRAME),
    structure(1001, xdr(1, 2, 3, 4)),
    structure(1003, GATEWAY),
    structure(1004, xdr(3, 'a', 3, 'bcd')),
  ]),
  expandedFlowSample([structure(1002, xdr(1, 0xc0_00_02_01, 8, 8)), structure(1007, xdr(1, 5, 1, 6))], [0, 9], [2, 3]),
  discardedPacket([rawHeader(FRAME), structure(1038, xdr('ip_rcv'))], 257),
  counterSample([structure(1, Buffer.alloc(88, 1)), structure(2001, xdr(1, 4, 1, 5, 6)), structure(1005, xdr('eth0'))]),
]);

function decodeAll(datagrams: Iterable<Buffer>): void {
  const decoder = new SflowDecoder();
  const sinks = memorySinks();
  const state = exporterState();
  for (const bytes of datagrams) {
    decoder.decode(bytes, ARRIVED_AT, state, sinks);
    sinks.flows.read();
    sinks.counterSamples.read();
    sinks.flows.clear();
    sinks.counterSamples.clear();
  }
}

test('a datagram cut at any length gives whole rows of what is there', () => {
  decodeAll(Array.from({ length: GOOD.length + 1 }, (_, length) => Buffer.from(GOOD.subarray(0, length))));
});

test('every structure, cut at any length, is still JSON', () => {
  const all = (structures: Readonly<Record<string, unknown>>, body: Buffer) =>
    Object.keys(structures).map((id) => {
      const [enterprise = 0, format = 0] = id.split(':').map(Number);
      return structure(format, body, enterprise);
    });
  function* cut(): Generator<Buffer> {
    for (let length = 0; length <= 140; length += 1) {
      const body = Buffer.alloc(length, Buffer.from('00000001', 'hex'));
      yield sflowDatagram([flowSample(all(data.flow, body)), counterSample(all(data.counter, body))]);
    }
  }
  decodeAll(cut());
});

test('mutated datagrams and random bytes never throw', () => {
  const random = randomOf(20_260_301);
  function* mutated(): Generator<Buffer> {
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Buffer.from(GOOD);
      const changes = 1 + (random() & 7);
      for (let change = 0; change < changes; change += 1) {
        const at = 4 + (random() % (bytes.length - 8));
        // words that lie make more trouble than bytes that do
        if ((random() & 1) === 0) bytes[at] = random() & 0xff;
        else bytes.writeUInt32BE(LIES[random() % LIES.length] ?? 0, at & ~3);
      }
      yield bytes;
    }
    for (let round = 0; round < 2000; round += 1) {
      const bytes = Buffer.from(Array.from({ length: random() % 400 }, () => random() & 0xff));
      yield Buffer.concat([GOOD.subarray(0, 28 + (random() & 0x3f)), bytes]);
      yield bytes;
    }
  }
  decodeAll(mutated());
});

test('the longest datagram of the smallest samples and structures ends', () => {
  const empty = structure(1, xdr(0, 0, 0, 0, 0, 0, 0, 0));
  const unknown = structure(99, Buffer.alloc(0));
  decodeAll([
    sflowDatagram(Array<Buffer>(1500).fill(empty), 0xff_ff_ff_ff),
    sflowDatagram(Array<Buffer>(8000).fill(structure(0, Buffer.alloc(0))), 0xff_ff_ff_ff),
    sflowDatagram([counterSample(Array<Buffer>(8000).fill(unknown))]),
    sflowDatagram([flowSample([structure(1003, xdr(0, 1, 2, 3, 0xff_ff_ff_ff, ...Array<number>(15_000).fill(0)))])]),
    sflowDatagram([counterSample([structure(2001, xdr(0xff_ff_ff_ff, ...Array<number>(15_000).fill(0)))])]),
  ]);
});

test('a result tells of its own datagram alone', () => {
  const decoder = new SflowDecoder();
  const sinks = memorySinks();
  assert.equal(decoder.decode(GOOD, ARRIVED_AT, exporterState(), sinks).records, 3);
  const { records, counterSamples, errors, reason } = decoder.decode(
    Buffer.alloc(8),
    ARRIVED_AT,
    exporterState(),
    sinks,
  );
  assert.deepEqual([records, counterSamples, errors, reason], [0, 0, 1, 'truncated_header']);
});

const LIES = [0, 1, 2, 3, 4, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_ff, 0xff_ff_ff_fc, 65_535, 0x3f_ff_ff_ff, 64];

/** xorshift32, so that a failure can be seen again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
