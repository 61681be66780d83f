import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ber,
  COLD_START,
  hex,
  startSnmpDecoding,
  UPTIME,
  v2Message,
  varbind,
  varbindsOf,
} from '../../support/snmp-decoding.ts';

const PUBLIC = '04 06 7075626c6963';

/** A Trap-PDU (RFC 1157 section 4.1.6) of enterprise 1.3.6.1.4.1.99999 and agent 198.51.100.7, uptime 42. */
function v1Message(
  generic: string,
  specific: string,
  varbinds: readonly Buffer[] = [],
  agent = '40 04 c6336407',
): Buffer {
  const enterprise = '06 08 2b060104 01868d1f';
  const pdu = ber(0xa4, enterprise, agent, generic, specific, '43 01 2a', ber(0x30, ...varbinds));
  return ber(0x30, '02 01 00', PUBLIC, pdu);
}

function decoded(bytes: Buffer): Record<string, unknown> {
  const decoding = startSnmpDecoding();
  decoding.feed(bytes);
  const [row] = decoding.rows();
  assert.ok(row);
  return row;
}

test('a v2c trap becomes a row with its columns, and the rest of its varbinds', () => {
  assert.deepEqual(decoded(v2Message([varbind('02 01 05')])), {
    received_at: 1_767_225_600_000_000,
    uptime: 42,
    request_id: 7,
    engine_boots: null,
    engine_time: null,
    specific_trap: null,
    generic_trap: null,
    version: 2,
    pdu: 't',
    security_level: null,
    device: '192.0.2.1',
    agent_address: null,
    security_name: null,
    engine_id: null,
    context_engine_id: null,
    context_name: null,
    trap_oid: '1.3.6.1.6.3.1.1.5.1',
    trap_name: null,
    enterprise: null,
    varbinds: [{ oid: '1.3.6.1.4.1.99999.1', type: 'Integer', value: 5 }],
    flags: null,
    reason: null,
    raw: null,
    inform_key: null,
  });
});

test('the six generic traps of v1 get the OIDs of RFC 3584 section 3.1', () => {
  for (let generic = 0; generic < 6; generic += 1) {
    const row = decoded(v1Message(`02 01 0${generic}`, '02 01 00'));
    assert.equal(row['trap_oid'], `1.3.6.1.6.3.1.1.5.${generic + 1}`);
    assert.equal(row['generic_trap'], generic);
    assert.equal(row['specific_trap'], 0);
    assert.equal(row['flags'], null);
  }
});

test('an enterprise trap of v1 gets enterprise, 0 and its number; who and what stay in their columns', () => {
  const row = decoded(v1Message('02 01 06', '02 02 23 2b', [varbind('02 01 05')]));
  assert.equal(row['trap_oid'], '1.3.6.1.4.1.99999.0.9003');
  assert.equal(row['enterprise'], '1.3.6.1.4.1.99999');
  assert.equal(row['agent_address'], '198.51.100.7');
  assert.equal(row['uptime'], 42);
  assert.equal(row['request_id'], null);
  assert.equal(varbindsOf(row).length, 1);
});

test('two enterprise traps in a row keep their own numbers', () => {
  const decoding = startSnmpDecoding();
  for (const specific of ['01', '02', '01']) decoding.feed(v1Message('02 01 06', `02 01 ${specific}`));
  decoding.feed(v1Message('02 01 01', '02 01 01'));
  const oids = decoding.rows().map((row) => row['trap_oid']);
  const enterprise = '1.3.6.1.4.1.99999.0';
  assert.deepEqual(oids, [`${enterprise}.1`, `${enterprise}.2`, `${enterprise}.1`, '1.3.6.1.6.3.1.1.5.2']);
});

test('oddities of v1 are flagged, and the trap is kept', () => {
  assert.deepEqual(decoded(v1Message('02 01 09', '02 01 01'))['flags'], ['generic-trap']);
  const noAddress = decoded(v1Message('02 01 06', '02 01 01', [], '40 00'));
  assert.deepEqual([noAddress['flags'], noAddress['agent_address']], [['agent-address'], null]);
});

test('a Trap-PDU in a message of v2c, and the other way round, is taken and flagged', () => {
  const inside = v1Message('02 01 00', '02 01 00');
  inside[4] = 1; // version
  const row = decoded(inside);
  assert.deepEqual([row['version'], row['trap_oid'], row['flags']], [2, '1.3.6.1.6.3.1.1.5.1', ['v1-pdu-in-v2c']]);
  const other = v2Message([]);
  other[4] = 0;
  assert.deepEqual(decoded(other)['flags'], ['v2-pdu-in-v1']);
});

test('what a proxy says of the origin goes into columns, and its community nowhere', () => {
  const row = decoded(
    v2Message([
      ber(0x30, '06 09 2b0601060312010300', '40 04 c6336407'),
      ber(0x30, '06 09 2b0601060312010400', '04 06 736563726574'),
      ber(0x30, '06 0a 2b060106030101040300', '06 08 2b06010401868d1f'),
    ]),
  );
  assert.equal(row['agent_address'], '198.51.100.7');
  assert.deepEqual(row['flags'], ['community-removed']);
  assert.ok(!JSON.stringify(row).includes('secret') && !JSON.stringify(row).includes('736563726574'));
});

test('a notification without sysUpTime.0 and snmpTrapOID.0 is kept and flagged', () => {
  const message = ber(0x30, '02 01 01', PUBLIC, ber(0xa7, '02 01 07 02 01 00 02 01 00 30 00'));
  assert.deepEqual(decoded(message)['flags'], ['no-uptime', 'no-trap-oid']);
});

test('bytes behind the message, the PDU and a value are flagged', () => {
  const list = ber(0x30, UPTIME, COLD_START, ber(0x30, '06 01 00 05 00 05 00'));
  const inVarbind = ber(0x30, '02 01 01', PUBLIC, ber(0xa7, '02 01 07 02 01 00 02 01 00', list));
  const inPdu = ber(
    0x30,
    '02 01 01',
    PUBLIC,
    ber(0xa7, '02 01 07 02 01 00 02 01 00', ber(0x30, UPTIME, COLD_START), '05 00'),
  );
  const inMessage = ber(
    0x30,
    '02 01 01',
    PUBLIC,
    ber(0xa7, '02 01 07 02 01 00 02 01 00', ber(0x30, UPTIME, COLD_START)),
    '05 00',
  );
  const behind = Buffer.concat([v2Message([]), hex('00 00')]);
  for (const bytes of [inVarbind, inPdu, inMessage, behind])
    assert.deepEqual(decoded(bytes)['flags'], ['trailing-bytes']);
});

test('a negative request-id stays negative', () => {
  assert.equal(decoded(v2Message([], 0xa7, '02 04 ff ff ff fe'))['request_id'], -2);
});

test('known communities give rows their name; unknown ones are counted by source and not stored', () => {
  const decoding = startSnmpDecoding({ communities: new Map([['public', 'branch offices']]) });
  const unknown = v2Message([]);
  unknown.write('secret', 7); // the community's content
  decoding.feed(v2Message([]));
  decoding.feed(unknown, { sourceAddress: '198.51.100.9' });
  const rows = decoding.rows();
  assert.deepEqual(
    rows.map((row) => row['security_name']),
    ['branch offices'],
  );
  assert.equal(decoding.decoder.totals.unknownCommunity, 1);
  assert.deepEqual(
    [...decoding.decoder.sources()].map(({ address, unknownCommunity }) => [address, unknownCommunity]),
    [['198.51.100.9', 1]],
  );
  assert.ok(!JSON.stringify(decoding.troubles).includes('secret'));
  decoding.decoder.replaceCommunities(new Map([['secret', 'lab']]));
  decoding.feed(unknown);
  assert.equal(decoding.rows()[1]?.['security_name'], 'lab');
});

test('a community is compared by its bytes, whatever they are', () => {
  const decoding = startSnmpDecoding({ communities: new Map([['gr\u00fcn', 'latin']]) });
  const message = (community: string): Buffer => ber(0x30, '02 01 01', ber(4, community), v2Message([]).subarray(13));
  decoding.feed(message('67 72 fc 6e'));
  decoding.feed(message('67 72 c3 bc 6e'));
  assert.equal(decoding.decoder.totals.traps, 1);
  assert.equal(decoding.decoder.totals.unknownCommunity, 1);
});

test('what cannot be decoded is a row with the reason and the bytes, its community blotted out', () => {
  const good = v2Message([varbind('02 01 05')]);
  const row = decoded(good.subarray(0, good.length - 1));
  assert.equal(row['pdu'], 'u');
  assert.equal(row['reason'], 'truncated');
  const wanted = Buffer.from(good.subarray(0, good.length - 1));
  wanted.write('******', 7);
  assert.deepEqual(row['raw'], wanted);
});

test('reasons say what is wrong', () => {
  const good = v2Message([]);
  const reasonOf = (bytes: Buffer): unknown => decoded(bytes)['reason'];
  assert.equal(reasonOf(Buffer.alloc(0)), 'truncated');
  assert.equal(reasonOf(hex('30 80 02 01 01 00 00')), 'indefinite-length');
  assert.equal(reasonOf(hex('30 03 02 01 04')), 'version');
  assert.equal(reasonOf(hex('31 03 02 01 01')), 'tag');
  assert.equal(reasonOf(ber(0x30, '02 01 01', PUBLIC, ber(0xae, good.subarray(15)))), 'pdu');
  assert.equal(reasonOf(ber(0x30, '02 01 01', PUBLIC)), 'truncated');
  assert.equal(
    reasonOf(hex('30 16 02 01 03 30 11 02 01 05 02 01 05 04 01 00 02 01 03 04 00 30 00 05 00')),
    'truncated',
  );
});

test('at most so many bytes of it are kept', () => {
  const decoding = startSnmpDecoding({ maxRawBytes: 100 });
  decoding.feed(Buffer.alloc(60_000, 0xff));
  assert.deepEqual(decoding.rows()[0]?.['raw'], Buffer.alloc(100, 0xff));
});

test('a flood of garbage fills no table: rows are rationed by sender and over all, the rest is counted', () => {
  const decoding = startSnmpDecoding({ rawPerMinutePerSource: 3, rawPerMinute: 5 });
  for (let index = 0; index < 10; index += 1) decoding.feed(hex('ff'));
  assert.equal(decoding.rows().length, 3);
  for (let index = 0; index < 10; index += 1) decoding.feed(hex('ff'), { sourceAddress: `198.51.100.${index}` });
  assert.equal(decoding.rows().length, 5);
  const { undecodable, storedRaw, rawSuppressed } = decoding.decoder.totals;
  assert.deepEqual([undecodable, storedRaw, rawSuppressed], [20, 5, 15]);
});

test('senders are remembered in a bounded number', () => {
  const decoding = startSnmpDecoding({ maxSources: 2 });
  for (let index = 1; index < 6; index += 1) decoding.feed(v2Message([]), { sourceAddress: `2001:db8::${index}` });
  assert.equal(decoding.decoder.totals.sources, 2);
  assert.equal(decoding.decoder.totals.sourceEvictions, 3);
  assert.equal(decoding.rows()[4]?.['device'], '2001:db8::5');
});

test('the most varbinds that a datagram can have fit into a row, or are cut and flagged', () => {
  const smallest = hex('30 05 06 01 00 05 00');
  const many = Array.from({ length: 9000 }, () => smallest);
  const row = decoded(v2Message(many));
  assert.equal(varbindsOf(row).length, 9000);
  const decoding = startSnmpDecoding({}, { naming: { generation: 1, lookUp: () => ({ name: 'N'.repeat(255) }) } });
  decoding.feed(v2Message(many));
  const [cut] = decoding.rows();
  assert.deepEqual(cut?.['flags'], ['varbinds-cut']);
  assert.ok(varbindsOf(cut).length > 1000);
});
