import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SecurityProcessor } from '../../../collectors/snmp/security.ts';
import {
  ber,
  COLD_START,
  hex,
  type SnmpDecoding,
  startSnmpDecoding,
  UPTIME,
  v2Message,
  varbind,
} from '../../support/snmp-decoding.ts';

/** The same numbers in each run (a linear congruential generator, Numerical Recipes). */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const VALUES = [
  '02 01 05',
  '41 01 01',
  '46 09 00 ff ff ff ff ff ff ff ff',
  '40 04 c0 00 02 01',
  '44 07 9f 78 04 3f 80 00 00',
  '44 0b 9f 7b 08 ff ff ff ff ff ff ff ff',
  '06 03 2b 06 01',
  '04 03 61 62 63',
  '04 02 ff 00',
  '80 00',
].map((value) => varbind(value));

const V1 = ber(
  0x30,
  '02 01 00 04 06 7075626c6963',
  ber(0xa4, '06 03 2b0601 40 04 c6336407 02 01 06 02 01 01 43 01 2a', ber(0x30, ...VALUES)),
);
const SCOPED = ber(
  0x30,
  '04 00 04 00',
  ber(0xa6, '02 01 07 02 01 00 02 01 00', ber(0x30, UPTIME, COLD_START, ...VALUES)),
);
const V3 = ber(0x30, '02 01 03', ber(0x30, '02 02 01 02 02 03 00 ff e3 04 01 04 02 01 03'), '04 02 30 00', SCOPED);
const GOOD = [v2Message(VALUES), v2Message(VALUES, 0xa6), V1, V3];

const believing: SecurityProcessor = {
  process: ({ scopedPduData }) => ({
    kind: 'ok',
    scopedPdu: scopedPduData,
    level: 'noAuthNoPriv',
    user: 'u',
    engineId: hex('80001f8804'),
    boots: 0,
    time: 0,
    flags: [],
    respond: (scopedPdu) => scopedPdu,
  }),
};

function start(): SnmpDecoding {
  return startSnmpDecoding({ rawPerMinutePerSource: 1e9, rawPerMinute: 1e9 }, { security: believing });
}

/** Each datagram has exactly one fate, every row can be read back, and nothing was a defect of ours. */
function assertSound({ decoder, sink, acceptance, replies, troubles }: SnmpDecoding, datagrams: number): void {
  acceptance.settle(true);
  const { traps, informs, informRetransmissions, undecodable, notNotifications, refused } = decoder.totals;
  const defect = troubles.find(({ reason }) => reason === 'internal-error');
  assert.equal(defect, undefined, defect?.detail);
  assert.equal(traps + informs + informRetransmissions + undecodable + notNotifications + refused, datagrams);
  const rows = sink.read();
  assert.equal(rows.length, traps + informs + undecodable);
  sink.clear();
  replies.length = 0;
}

test('messages cut off anywhere are undecodable', () => {
  const decoding = start();
  let datagrams = 0;
  for (const message of GOOD) {
    for (let length = 0; length < message.length; length += 1, datagrams += 1)
      decoding.feed(message.subarray(0, length));
  }
  assert.equal(decoding.decoder.totals.undecodable, datagrams);
  assertSound(decoding, datagrams);
});

test('every single octet may have any of many values', () => {
  const decoding = start();
  let datagrams = 0;
  for (const message of GOOD) {
    for (let at = 0; at < message.length; at += 1) {
      for (const value of [0, 1, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xfe, 0xff]) {
        const changed = Buffer.from(message);
        changed[at] = value;
        decoding.feed(changed);
        datagrams += 1;
      }
    }
  }
  assertSound(decoding, datagrams);
});

test('messages changed at random, and random octets behind a good start, are taken or refused', () => {
  const random = randomNumbers(20_260_101);
  const decoding = start();
  const datagrams = 20_000;
  for (let index = 0; index < datagrams; index += 1) {
    const message = Buffer.from(GOOD[random(GOOD.length)] ?? '');
    const from = random(message.length);
    const changes = 1 + random(8);
    for (let change = 0; change < changes; change += 1) {
      const at = index % 2 === 0 ? random(message.length) : Math.min(from + change, message.length - 1);
      message[at] = random(256);
    }
    decoding.feed(message.subarray(0, message.length - (index % 7 === 0 ? random(message.length) : 0)));
  }
  assertSound(decoding, datagrams);
});

test('random octets are refused', () => {
  const random = randomNumbers(7);
  const decoding = start();
  for (let index = 0; index < 3000; index += 1) {
    decoding.feed(Buffer.from(Array.from({ length: random(200) }, () => random(256))));
  }
  assertSound(decoding, 3000);
});

test('nesting, however deep, costs nothing', () => {
  const deep = (levels: number): Buffer => {
    let element = hex('05 00');
    for (let level = 0; level < levels; level += 1) element = ber(0x30, element);
    return element;
  };
  const decoding = start();
  decoding.feed(deep(3000));
  decoding.feed(v2Message([varbind(deep(3000))]));
  decoding.feed(v2Message([deep(3000)]));
  assert.equal(decoding.decoder.totals.traps, 1);
  assertSound(decoding, 3);
});
