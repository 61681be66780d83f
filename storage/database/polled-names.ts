import type { DatabaseClient } from './database.ts';
import { sqlFile } from './sql.ts';

/** What polling tells of a device; null: not said. */
export interface DeviceFacts {
  readonly sysName: string | null;
  readonly sysObjectId: string | null;
  readonly sysDescr: string | null;
  readonly interfaces: readonly InterfaceFacts[];
}

export interface InterfaceFacts {
  readonly ifIndex: number;
  readonly name: string | null;
  readonly alias: string | null;
  readonly description: string | null;
  /** Bits per second. */
  readonly speed: number | null;
}

/** A device that has sent something lately, or is named. */
export interface HeardDevice {
  readonly device: string;
  /** When it was last asked, milliseconds since the Unix epoch; null: never. */
  readonly attemptedAtMs: number | null;
  /** Failures since the last success. */
  readonly failures: number;
}

/** An exporter whose newest flows name interfaces that we do not know. */
export interface UnknownInterfaces {
  readonly device: string;
  /** ifIndexes. */
  readonly interfaces: readonly number[];
}

const RECORD_REWIND_DEVICE = sqlFile('record-rewind-device');
const RECORD_REWIND_INTERFACES = sqlFile('record-rewind-interfaces');
const RECORD_DEVICE_NAME = sqlFile('record-device-name');
const RECORD_INTERFACE_NAMES = sqlFile('record-interface-names');
const RECORD_POLL = sqlFile('record-poll');
const LIST_DEVICES_HEARD = sqlFile('list-devices-heard');
const LIST_UNKNOWN_INTERFACES = sqlFile('list-unknown-interfaces');

/**
 * Writes what a device says now; names that have changed keep the time for which they held. One transaction, so the connection
 * must be for this alone. What earlier polls said of `polledAt` and later, by a clock that has been put back, is forgotten.
 */
export async function recordPoll(
  client: DatabaseClient,
  device: string,
  polledAt: Date,
  { sysName, sysObjectId, sysDescr, interfaces }: DeviceFacts,
): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(RECORD_REWIND_DEVICE, [device, polledAt]);
    await client.query(RECORD_REWIND_INTERFACES, [device, polledAt]);
    await client.query(RECORD_DEVICE_NAME, [device, polledAt, sysName, sysObjectId, sysDescr]);
    const columns = (['ifIndex', 'speed', 'name', 'alias', 'description'] as const).map((column) =>
      interfaces.map((each) => each[column]),
    );
    await client.query(RECORD_INTERFACE_NAMES, [device, polledAt, ...columns]);
    await client.query(RECORD_POLL, [device, polledAt, interfaces.length, null]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Writes that a device could not be polled, and why. */
export async function recordPollFailure(
  client: DatabaseClient,
  device: string,
  attemptedAt: Date,
  error: string,
): Promise<void> {
  await client.query(RECORD_POLL, [device, attemptedAt, null, error]);
}

/** Who has sent flows or messages since `since`, or traps a moment ago, and `named` in any case. */
export async function listDevicesHeard(
  client: DatabaseClient,
  since: Date,
  named: readonly string[],
): Promise<HeardDevice[]> {
  return (await client.query<HeardDevice>(LIST_DEVICES_HEARD, [since, named])).rows;
}

/** `within`: a PostgreSQL interval. */
export async function listUnknownInterfaces(client: DatabaseClient, within: string): Promise<UnknownInterfaces[]> {
  return (await client.query<UnknownInterfaces>(LIST_UNKNOWN_INTERFACES, [within])).rows;
}
