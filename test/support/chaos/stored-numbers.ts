import assert from 'node:assert/strict';

import type { DatabaseClient } from '../../../storage/database/database.ts';
import {
  FIRST_ADDRESS,
  FIRST_EXPORTER_PORT,
  FIRST_INFORM,
  type LoadRecord,
  RECORDS_A_DATAGRAM,
  type SendTimes,
} from './load-record.ts';

/** How often each number of a sender is stored, by number. */
export type StoredCounts = Uint8Array;

/** A datagram that is not stored: when it was sent, milliseconds since 1970. */
export interface Missing {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Of which a record is missing. @throws AssertionError where a record is stored twice */
export async function missingDatagrams(client: DatabaseClient, { flows }: LoadRecord): Promise<Missing[]> {
  const missing: Missing[] = [];
  for (const [exporter, times] of flows.entries()) {
    const counts = await storedFlows(client, exporter, times.from.length * RECORDS_A_DATAGRAM);
    assert.equal(counts.filter((count) => count > 1).length, 0, `exporter ${exporter}: nothing is stored twice`);
    const isMissing = (datagram: number): boolean =>
      counts.subarray(datagram * RECORDS_A_DATAGRAM, (datagram + 1) * RECORDS_A_DATAGRAM).includes(0);
    missing.push(...sendTimesOf(times, isMissing));
  }
  return missing;
}

/** Of messages over UDP. @throws AssertionError where one is stored twice */
export async function missingMessages(client: DatabaseClient, { syslog }: LoadRecord): Promise<Missing[]> {
  const counts = await storedMessages(client, 'udp', syslog.from.length);
  assert.equal(counts.filter((count) => count > 1).length, 0, 'no message over UDP is stored twice');
  return sendTimesOf(syslog, (number) => counts[number] === 0);
}

function sendTimesOf({ from, until }: SendTimes, isMissing: (number: number) => boolean): Missing[] {
  return [...from.keys()]
    .filter(isMissing)
    .map((number) => ({ fromMs: from[number] ?? 0, untilMs: until[number] ?? 0 }));
}

/** Of an exporter. */
function storedFlows(client: DatabaseClient, exporter: number, records: number): Promise<StoredCounts> {
  const where = `dst_port = ${FIRST_EXPORTER_PORT + exporter}`;
  return countNumbers(client, `SELECT (src_addr - ${inet(FIRST_ADDRESS)})::int FROM flows WHERE ${where}`, records);
}

/** Of what came as syslog over `app`. */
export function storedMessages(client: DatabaseClient, app: string, messages: number): Promise<StoredCounts> {
  return countNumbers(client, `SELECT proc_id::int FROM syslog_messages WHERE app_name = '${app}'`, messages);
}

export function storedInforms(client: DatabaseClient, informs: number): Promise<StoredCounts> {
  return countNumbers(client, `SELECT (uptime - ${FIRST_INFORM})::int FROM snmp_traps`, informs);
}

/** @throws Error where a number is stored that was never sent */
async function countNumbers(client: DatabaseClient, select: string, bound: number): Promise<StoredCounts> {
  const counts = new Uint8Array(bound);
  const { rows } = await client.query<[number, string]>({
    text: `SELECT number, count(*) FROM (${select}) AS numbers (number) GROUP BY number`,
    rowMode: 'array',
  });
  for (const [number, count] of rows) {
    if (!(number >= 0 && number < bound)) throw new Error(`${number} of ${bound} was never sent: ${select}`);
    counts[number] = Math.min(255, Number(count));
  }
  return counts;
}

function inet(address: number): string {
  return `inet '${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')}'`;
}
