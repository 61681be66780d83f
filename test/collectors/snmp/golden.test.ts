import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readPcap } from '../../../src/traffic/pcap.ts';
import type { PrintedNotification, PrintedVarbind } from '../../support/net-snmp-tools.ts';
import { startSnmpDecoding, type Varbind, varbindsOf } from '../../support/snmp-decoding.ts';

const CASES = new URL('../../cases/', import.meta.url);
const UPTIME = '1.3.6.1.2.1.1.3.0';
const TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';

/** What snmptrapd calls our types. It has one name for both floats, and no type for NULL and for an empty string. */
const PRINTED_TYPES: Readonly<Record<string, string>> = {
  Integer: 'INTEGER',
  OctetString: 'Hex-STRING',
  ObjectIdentifier: 'OID',
  Null: '',
  TimeTicks: 'Timeticks',
  Float: 'Opaque: Float',
  Double: 'Opaque: Float',
  Integer64: 'Opaque: Int64',
  Unsigned64: 'Opaque: UInt64',
};

for (const name of readdirSync(CASES).filter((each) => each.startsWith('snmp-'))) {
  test(`${name}: rows say what snmptrapd says`, () => {
    const folder = new URL(`${name}/`, CASES);
    const { notifications }: { notifications: readonly PrintedNotification[] } = JSON.parse(
      readFileSync(new URL('expected.json', folder), 'utf8'),
    );
    const decoding = startSnmpDecoding();
    for (const { payload } of readPcap(readFileSync(new URL('datagrams.pcap', folder)))) decoding.feed(payload);
    const rows = decoding.rows();
    assert.equal(rows.length, notifications.length);
    assert.deepEqual(rows.map(printed), notifications.map(rounded));
    assert.ok(rows.every((row) => row['uptime'] === 4242 && row['flags'] === null));
    assert.ok(rows.every((row) => row['pdu'] === (name.endsWith('inform') ? 'i' : 't')));
  });
}

/** Rows that were read back have lost the last digits of what is beyond 2^53; that they are stored is tested elsewhere. */
function rounded(notification: PrintedNotification): PrintedNotification {
  const varbinds = notification.varbinds.map(([oid, type, value]): PrintedVarbind => [
    oid,
    type,
    type.endsWith('64') ? String(Number(value)) : value,
  ]);
  return { ...notification, varbinds };
}

function printed(row: Record<string, unknown>): PrintedNotification {
  const varbinds = varbindsOf(row).map(printedVarbind);
  if (row['version'] === 1) {
    const v1 = {
      agent: String(row['agent_address']),
      enterprise: String(row['enterprise']),
      generic: Number(row['generic_trap']),
      specific: Number(row['specific_trap']),
    };
    return { version: 1, v1, varbinds };
  }
  const inColumns: PrintedVarbind[] = [
    [UPTIME, 'Timeticks', String(row['uptime'])],
    [TRAP_OID, 'OID', String(row['trap_oid'])],
  ];
  return { version: 2, varbinds: [...inColumns, ...varbinds] };
}

function printedVarbind({ oid, type, value, encoding }: Varbind): PrintedVarbind {
  if (type === 'Null') return [oid, '', 'NULL'];
  if (type === 'OctetString' && value === '') return [oid, '', '""'];
  return [oid, PRINTED_TYPES[type] ?? type, printedValue(type, value, encoding)];
}

function printedValue(type: string, value: Varbind['value'], encoding: string | undefined): string {
  if (type === 'OctetString' && encoding === undefined) return Buffer.from(String(value)).toString('hex');
  return type === 'Float' || type === 'Double' ? Number(value).toFixed(6) : String(value);
}
