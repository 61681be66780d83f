import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SecurityProcessor, V3Message } from '../../../collectors/snmp/security.ts';
import {
  ARRIVAL_MICROS,
  ber,
  COLD_START,
  hex,
  startSnmpDecoding,
  UPTIME,
  v2Message,
  varbind,
  varbindsOf,
} from '../../support/snmp-decoding.ts';

const INFORM = 0xa6;
const RESPONSE = 0xa2;
const SECOND = 1_000_000;

const inform = v2Message([varbind('02 01 05')], INFORM);
/** RFC 3416 section 4.2.7: the same request-id and varbinds, no error. */
const response = v2Message([varbind('02 01 05')], RESPONSE);

test('an inform is answered from the port it came to once its row is safe, and not before', () => {
  const decoding = startSnmpDecoding();
  decoding.feed(inform, { sourceAddress: '192.0.2.9', sourcePort: 5000, localPort: 1162 });
  assert.equal(decoding.rows()[0]?.['pdu'], 'i');
  assert.deepEqual(decoding.replies, []);
  decoding.acceptance.settle(true);
  assert.deepEqual(decoding.replies, [{ bytes: response, to: { address: '192.0.2.9', port: 5000, localPort: 1162 } }]);
  assert.equal(decoding.decoder.totals.acknowledged, 1);
});

test('the answer does not change when the memory of the datagram is used again', () => {
  const decoding = startSnmpDecoding();
  const bytes = Buffer.from(inform);
  decoding.feed(bytes);
  bytes.fill(0);
  decoding.acceptance.settle(true);
  assert.deepEqual(decoding.replies[0]?.bytes, response);
});

test('an inform whose row is lost is not answered, and stored when it comes again', () => {
  const decoding = startSnmpDecoding();
  decoding.feed(inform);
  decoding.acceptance.settle(false);
  decoding.feed(inform);
  decoding.acceptance.settle(true);
  assert.equal(decoding.replies.length, 1);
  assert.equal(decoding.rows().length, 2);
  assert.equal(decoding.decoder.totals.informsLost, 1);
});

test('a retransmission while the first copy waits joins it: two answers, one row', () => {
  const decoding = startSnmpDecoding();
  decoding.feed(inform);
  decoding.feed(inform, { sourcePort: 40_001 });
  assert.equal(decoding.acceptance.waiting.length, 1);
  decoding.acceptance.settle(true);
  assert.deepEqual(
    decoding.replies.map(({ to }) => to.port),
    [40_000, 40_001],
  );
  assert.equal(decoding.rows().length, 1);
});

test('a retransmission after the answer is answered again and not stored again', () => {
  const decoding = startSnmpDecoding();
  decoding.feed(inform);
  decoding.acceptance.settle(true);
  decoding.feed(inform, { receivedAtMicros: ARRIVAL_MICROS + 599 * SECOND });
  assert.equal(decoding.replies.length, 2);
  assert.equal(decoding.rows().length, 1);
  const { informs, informRetransmissions, acknowledged } = decoding.decoder.totals;
  assert.deepEqual([informs, informRetransmissions, acknowledged], [1, 1, 2]);
});

test('informs that differ in source, community, request-id, varbinds or by more than ten minutes are not the same', () => {
  const communities = new Map([
    ['public', 'inside'],
    ['secret', 'outside'],
  ]);
  const decoding = startSnmpDecoding({ communities });
  const otherCommunity = Buffer.from(inform);
  otherCommunity.write('secret', 7);
  decoding.feed(inform);
  decoding.feed(inform, { sourceAddress: '192.0.2.2' });
  decoding.feed(otherCommunity);
  decoding.feed(v2Message([varbind('02 01 05')], INFORM, '02 01 08'));
  decoding.feed(v2Message([varbind('02 01 06')], INFORM));
  decoding.feed(inform, { receivedAtMicros: ARRIVAL_MICROS + 601 * SECOND });
  assert.equal(decoding.rows().length, 6);
});

test('an inform that an earlier run has stored is answered at once, and not stored again', () => {
  const before = startSnmpDecoding();
  before.feed(inform);
  const [row] = before.rows();
  const key = row?.['inform_key'];
  assert.ok(Buffer.isBuffer(key) && key.length === 20, 'its row says by what it is known');
  const after = startSnmpDecoding();
  after.decoder.restoreInform(key, ARRIVAL_MICROS);
  after.feed(inform, { receivedAtMicros: ARRIVAL_MICROS + 5 * SECOND });
  assert.deepEqual(
    after.replies.map(({ bytes }) => bytes),
    [response],
  );
  assert.equal(after.rows().length, 0);
});

test('a thousand copies of a waiting inform cost a few answers and one row', () => {
  const decoding = startSnmpDecoding();
  for (let copy = 0; copy < 1000; copy += 1) decoding.feed(inform);
  decoding.acceptance.settle(true);
  assert.ok(decoding.replies.length >= 1 && decoding.replies.length <= 4);
  assert.equal(decoding.rows().length, 1);
});

test('beyond the memory for waiting answers an inform is stored, and its retransmission fetches the answer', () => {
  const decoding = startSnmpDecoding({ informWaitingBytes: response.length });
  const other = v2Message([varbind('02 01 06')], INFORM);
  decoding.feed(inform);
  decoding.feed(other);
  decoding.acceptance.settle(true);
  assert.equal(decoding.replies.length, 1);
  decoding.feed(other);
  assert.equal(decoding.replies.length, 2);
  assert.equal(decoding.rows().length, 2);
});

test('informs are remembered in a bounded number, the first ones go first', () => {
  const decoding = startSnmpDecoding({ maxInforms: 2 });
  const messages = [1, 2, 3].map((value) => v2Message([varbind(`02 01 0${value}`)], INFORM));
  for (const message of messages) decoding.feed(message);
  decoding.acceptance.settle(true);
  assert.equal(decoding.replies.length, 3);
  decoding.feed(messages[2] ?? inform);
  assert.equal(decoding.rows().length, 3);
  decoding.feed(messages[0] ?? inform);
  assert.equal(decoding.rows().length, 4);
});

test('lengths of any form in an inform come back in a response that says the same', () => {
  const decoding = startSnmpDecoding();
  const list = Buffer.concat([hex('30 82 00 26'), hex(UPTIME), hex(COLD_START)]);
  list[3] = list.length - 4;
  const pdu = ber(INFORM, '02 81 01 07 02 01 00 02 01 00', list);
  decoding.feed(ber(0x30, '02 01 01 04 81 06 7075626c6963', pdu));
  decoding.acceptance.settle(true);
  const answer = ber(RESPONSE, '02 81 01 07 02 01 00 02 01 00', list);
  assert.deepEqual(decoding.replies[0]?.bytes, ber(0x30, '02 01 01 04 81 06 7075626c6963', answer));
});

// SNMPv3, with a security that believes everything: what it does is tested in its own room.

const ENGINE_ID = hex('80001f8804 61626364');
const CONTEXT = ber(4, ENGINE_ID).toString('hex') + ber(4, Buffer.from('vrf-blue')).toString('hex');

function v3Message(scopedPdu: Buffer, flags = '04'): Buffer {
  const header = ber(0x30, '02 02 01 02 02 03 00 ff e3', ber(4, flags), '02 01 03');
  return ber(0x30, '02 01 03', header, '04 02 30 00', scopedPdu);
}

function believing(seen: V3Message[]): SecurityProcessor {
  return {
    process: (message) => {
      seen.push(message);
      return {
        kind: 'ok',
        scopedPdu: Buffer.from(message.scopedPduData),
        level: 'authPriv',
        user: 'operator',
        engineId: ENGINE_ID,
        boots: 3,
        time: 1000,
        flags: ['time-window'],
        respond: (scopedPdu) => Buffer.concat([Buffer.from('signed:'), scopedPdu]),
      };
    },
  };
}

const list = ber(0x30, UPTIME, COLD_START, varbind('02 01 05'));

test('a v3 trap becomes a row with its engine, context, user and level', () => {
  const seen: V3Message[] = [];
  const decoding = startSnmpDecoding({}, { security: believing(seen) });
  const scopedPdu = ber(0x30, CONTEXT, ber(0xa7, '02 01 07 02 01 00 02 01 00', list));
  const message = v3Message(scopedPdu, '03');
  decoding.feed(Buffer.concat([message, hex('00')]));
  const [row] = decoding.rows();
  assert.deepEqual(
    ['version', 'security_level', 'security_name', 'engine_id', 'engine_boots', 'engine_time'].map(
      (name) => row?.[name],
    ),
    [3, 'p', 'operator', '80001f880461626364', 3, 1000],
  );
  assert.deepEqual([row?.['context_engine_id'], row?.['context_name']], ['80001f880461626364', 'vrf-blue']);
  assert.deepEqual(row?.['flags'], ['time-window', 'trailing-bytes']);
  assert.equal(varbindsOf(row).length, 1);
  const [first] = seen;
  assert.deepEqual([first?.msgId, first?.maxSize, first?.flags, first?.securityModel], [258, 65_507, 3, 3]);
  assert.deepEqual(first?.bytes, message);
  assert.deepEqual(first?.scopedPduData, scopedPdu);
  assert.deepEqual(
    message.subarray(first?.securityParametersOffset, (first?.securityParametersOffset ?? 0) + 2),
    hex('30 00'),
  );
});

test('a v3 inform is answered by security, with the context it came with', () => {
  const decoding = startSnmpDecoding({}, { security: believing([]) });
  const scoped = (tag: number): Buffer => ber(0x30, CONTEXT, ber(tag, '02 01 07 02 01 00 02 01 00', list));
  decoding.feed(v3Message(scoped(INFORM)));
  decoding.acceptance.settle(true);
  assert.deepEqual(decoding.replies[0]?.bytes, Buffer.concat([Buffer.from('signed:'), scoped(RESPONSE)]));
});

test('what security reports goes back at once; what it refuses or knows is counted and not stored', () => {
  const results = [
    { kind: 'report', reply: hex('aa'), reason: 'unknown-engine-id' },
    { kind: 'refused', reason: 'wrong-digest' },
    { kind: 'replay' },
  ] as const;
  let next = 0;
  const decoding = startSnmpDecoding({}, { security: { process: () => results[next++] ?? { kind: 'replay' } } });
  for (const _ of results) decoding.feed(v3Message(ber(0x30)));
  assert.deepEqual(
    decoding.replies.map(({ bytes }) => bytes),
    [hex('aa')],
  );
  const { reports, refused, replays } = decoding.decoder.totals;
  assert.deepEqual([reports, refused, replays], [1, 1, 1]);
  assert.deepEqual(decoding.rows(), []);
  const [source] = decoding.decoder.sources();
  assert.deepEqual(
    [...(source?.refused ?? [])],
    [
      ['unknown-engine-id', 1],
      ['wrong-digest', 1],
    ],
  );
});

test('v3 without users, of another security model, or private without authentication is refused', () => {
  const reasonOf = (message: Buffer, security?: SecurityProcessor): unknown => {
    const decoding = startSnmpDecoding({}, security === undefined ? {} : { security });
    decoding.feed(message);
    return decoding.troubles[0]?.reason;
  };
  const message = v3Message(ber(0x30));
  assert.equal(reasonOf(message), 'no-security');
  assert.equal(reasonOf(v3Message(ber(0x30), '02'), believing([])), 'message-flags');
  const otherModel = Buffer.from(message);
  otherModel[otherModel.indexOf(hex('02 01 03 04 02 30 00')) + 2] = 2;
  assert.equal(reasonOf(otherModel, believing([])), 'security-model');
});

test('a v3 header out of the bounds of RFC 3412 is undecodable', () => {
  const reasonOf = (header: string): unknown => {
    const decoding = startSnmpDecoding({}, { security: believing([]) });
    decoding.feed(ber(0x30, '02 01 03', ber(0x30, header), '04 00 30 00'));
    return decoding.rows()[0]?.['reason'];
  };
  assert.equal(reasonOf('02 01 ff 02 03 00 ff e3 04 01 00 02 01 03'), 'v3-header');
  assert.equal(reasonOf('02 01 01 02 02 01 e3 04 01 00 02 01 03'), 'v3-header'); // 483
  assert.equal(reasonOf('02 01 01 02 03 00 ff e3 04 02 00 00 02 01 03'), 'v3-header');
});
