import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BerReader } from '../../../collectors/snmp/ber/ber-reader.ts';
import { type Envelope, readEnvelope, readV3Message } from '../../../collectors/snmp/message/envelope.ts';
import { Pdu } from '../../../collectors/snmp/message/pdu.ts';
import { OidTable } from '../../../collectors/snmp/varbind/oid-table.ts';
import { VarbindJson } from '../../../collectors/snmp/varbind/varbind-json.ts';
import { startSnmpDecoding, type Varbind, varbindsOf } from '../../support/snmp-decoding.ts';

const CORPUS = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/corpus/snmp');
const skip = existsSync(CORPUS) ? false : 'needs the corpus of real datagrams beside the repository';

interface ExpectedVarbind {
  readonly oid?: string;
  readonly type?: string;
  readonly value?: string | number | null;
  readonly text?: string;
}

interface Expected {
  readonly version?: string;
  readonly trapOid?: string;
  readonly uptime?: number;
  readonly enterprise?: string;
  readonly agent_addr?: string;
  readonly generic?: number;
  readonly specific?: number;
  readonly request_id?: number;
  readonly msg_id?: number;
  readonly msg_max_size?: number;
  readonly flags?: number;
  readonly varbind_count?: number;
  readonly varbinds?: readonly ExpectedVarbind[];
}

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly tier: string;
  readonly raw_base64: string | null;
  readonly params: { readonly trailing_bytes?: number };
  readonly expected: Expected;
  readonly derived?: Expected;
}

/** What the corpus calls otherwise. */
const TYPE_NAMES = new Map([
  ['oid', 'ObjectIdentifier'],
  ['opaqueFloat', 'Float'],
  ['opaqueDouble', 'Double'],
]);

const cases: Case[] = skip === false ? globSync('*/cases.jsonl', { cwd: CORPUS }).flatMap(readCases) : [];
const notifications = cases.filter(({ kind }) => /^snmpv(1|2c)-(trap|inform)$/.test(kind));
const malformed = cases.filter(({ kind }) => kind === 'snmp-malformed');
const others = cases.filter(({ kind }) => /^snmp-(get|getNext|getBulk|set|response)$/.test(kind));
const v3 = cases.filter(({ kind }) => kind.startsWith('snmpv3'));

test('notifications of v1 and v2c become rows with the values that their sources assert', { skip }, () => {
  assert.ok(notifications.length >= 16);
  for (const { id, raw_base64: raw, params, expected, derived } of notifications) {
    const decoding = startSnmpDecoding();
    const tail = Buffer.alloc(params.trailing_bytes ?? 0, 0x5a);
    decoding.feed(Buffer.concat([Buffer.from(raw ?? '', 'base64'), tail]));
    const rows = decoding.rows();
    assert.equal(rows.length, 1, id);
    const [row] = rows;
    for (const wanted of [expected, derived ?? {}]) compareRow(row, wanted, id);
    if (tail.length > 0) assert.deepEqual(row?.['flags'], ['trailing-bytes'], id);
  }
});

test('requests and responses are counted and not stored as traps', { skip }, () => {
  assert.ok(others.length >= 80);
  const decoding = startSnmpDecoding();
  for (const { raw_base64: raw } of others) decoding.feed(Buffer.from(raw ?? '', 'base64'));
  assert.equal(decoding.decoder.totals.notNotifications, others.length);
  assert.deepEqual(decoding.rows(), []);
});

test(
  'varbinds of requests and responses, whatever their types and lengths, have the values that their sources assert',
  { skip },
  () => {
    for (const { id, raw_base64: raw, expected, derived } of others) {
      const { varbinds, requestId } = readPlainMessage(Buffer.from(raw ?? '', 'base64'), id);
      for (const wanted of [expected, derived ?? {}]) {
        if (wanted.request_id !== undefined) assert.equal(requestId, wanted.request_id, id);
        compareVarbinds(varbinds, wanted.varbinds ?? [], id);
      }
    }
  },
);

test('malformed messages become rows of undecodable datagrams, or are no notifications', { skip }, () => {
  assert.ok(malformed.length >= 17);
  for (const { id, raw_base64: raw } of malformed) {
    const bytes = Buffer.from(raw ?? '', 'base64');
    const decoding = startSnmpDecoding({}, { security: { process: () => ({ kind: 'refused', reason: 'test' }) } });
    decoding.feed(bytes);
    const { traps, informs, undecodable, notNotifications, refused } = decoding.decoder.totals;
    assert.equal(traps + informs, 0, id);
    assert.equal(undecodable + notNotifications + refused, 1, id);
    assert.ok(!decoding.troubles.some(({ reason }) => reason === 'internal-error'), id);
    if (notNotifications === 1)
      assert.throws(() => readPlainMessage(bytes, id), /truncated|tag|oid|length|integer/, id);
  }
});

test('the header of SNMPv3 messages is read as their sources say', { skip }, () => {
  assert.ok(v3.length >= 20);
  for (const { id, raw_base64: raw, expected } of v3) {
    const reader = new BerReader();
    const envelope: Envelope = { version: 1, start: 0, end: 0, communityStart: 0, communityStop: 0 };
    reader.open(Buffer.from(raw ?? '', 'base64'), 0);
    assert.equal(readEnvelope(reader, envelope), undefined, id);
    assert.equal(envelope.version, 3, id);
    const message = readV3Message(reader, envelope.end);
    assert.ok(typeof message !== 'string', `${id}: ${JSON.stringify(message)}`);
    if (expected.msg_id !== undefined) assert.equal(message.msgId, expected.msg_id, id);
    if (expected.msg_max_size !== undefined) assert.equal(message.maxSize, expected.msg_max_size, id);
    if (expected.flags !== undefined) assert.equal(message.flags, expected.flags, id);
  }
});

function readCases(file: string): Case[] {
  const lines = readFileSync(join(CORPUS, file), 'utf8').split('\n').filter(Boolean);
  return lines.map((line): Case => JSON.parse(line));
}

function compareRow(row: Record<string, unknown> | undefined, wanted: Expected, id: string): void {
  const columns = {
    version: wanted.version === undefined ? undefined : Number(wanted.version.slice(0, 1)),
    trap_oid: wanted.trapOid,
    uptime: wanted.uptime,
    enterprise: wanted.enterprise,
    agent_address: wanted.agent_addr,
    generic_trap: wanted.generic,
    specific_trap: wanted.specific,
    request_id: wanted.request_id,
  };
  for (const [column, value] of Object.entries(columns)) {
    if (value !== undefined) assert.equal(row?.[column], value, `${id} ${column}`);
  }
  // Ours are without sysUpTime.0 and snmpTrapOID.0, which the sources count, except for some in v1.
  const inColumns = wanted.varbinds !== undefined && row?.['version'] !== 1 ? 2 : 0;
  compareVarbinds(varbindsOf(row), (wanted.varbinds ?? []).slice(inColumns), id);
  if (wanted.varbind_count !== undefined) {
    assert.equal(varbindsOf(row).length, wanted.varbind_count - (row?.['version'] === 1 ? 0 : 2), id);
  }
}

function compareVarbinds(found: readonly Varbind[], wanted: readonly ExpectedVarbind[], id: string): void {
  for (const [index, { oid, type, value, text }] of wanted.entries()) {
    const mine = found[index];
    const where = `${id} varbind ${index} ${JSON.stringify(mine)}`;
    if (oid !== undefined) assert.equal(mine?.oid, oid, where);
    if (type !== undefined) assert.equal(mine?.type.toLowerCase(), (TYPE_NAMES.get(type) ?? type).toLowerCase(), where);
    if (text !== undefined) assert.equal(mine?.encoding === 'hex' ? mine.text : mine?.value, text, where);
    if (value !== undefined) assert.equal(String(comparable(mine, typeof value)), String(value), where);
  }
}

/** The corpus has octets as hexadecimal numbers. */
function comparable(mine: Varbind | undefined, type: string): unknown {
  const textual = mine?.type === 'OctetString' && mine.encoding === undefined && type === 'string';
  return textual ? Buffer.from(String(mine.value)).toString('hex') : mine?.value;
}

/** A message of v1 or v2c with whatever PDU. Throws the reason where it cannot be read. */
function readPlainMessage(bytes: Buffer, id: string): { varbinds: readonly Varbind[]; requestId: number } {
  const reader = new BerReader();
  const envelope: Envelope = { version: 1, start: 0, end: 0, communityStart: 0, communityStop: 0 };
  const oids = new OidTable(undefined);
  const pdu = new Pdu();
  reader.open(bytes, 0);
  const failure = readEnvelope(reader, envelope) ?? pdu.read(reader, envelope.end, oids);
  if (failure !== undefined) throw new Error(`${id}: ${failure}`);
  const json = new VarbindJson(oids);
  json.begin();
  for (let index = 0; index < pdu.count; index += 1) {
    const name = pdu.names[index];
    assert.ok(name);
    json.add(name, pdu.tags[index] ?? 0, bytes, pdu.starts[index] ?? 0, pdu.stops[index] ?? 0);
  }
  const text = json.bytes.toString('utf8', 0, json.end());
  const varbinds: Varbind[] = JSON.parse(quoteBigNumbers(text));
  return { varbinds, requestId: pdu.requestId };
}

/** The corpus has a Counter64 beyond 2^53 as a string. */
function quoteBigNumbers(json: string): string {
  return json.replaceAll(/"value":(\d{16,})/g, '"value":"$1"');
}
