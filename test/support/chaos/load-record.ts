/** Where the load goes. All on 127.0.0.1. */
export interface LoadPorts {
  readonly flow: number;
  readonly syslog: number;
  readonly relp: number;
  readonly snmp: number;
}

/** When datagrams were sent, by number: not before `from`, not after `until`, milliseconds since 1970. */
export interface SendTimes {
  readonly from: Float64Array;
  readonly until: Float64Array;
}

/** The generator's own record of what it sent: what was stored is compared with it, element by element. */
export interface LoadRecord {
  /** By exporter, by datagram. Each has `RECORDS_A_DATAGRAM` records. */
  readonly flows: readonly SendTimes[];
  /** By message over UDP. */
  readonly syslog: SendTimes;
  /** Datagrams that the generator's own kernel did not take. */
  readonly sendErrors: number;
  /** By message: `ACKNOWLEDGED`, or `UNKNOWN`: its connection broke before an answer came. None is sent twice. */
  readonly relp: Uint8Array;
  /** By inform: the same; sent again until it is answered. */
  readonly informs: Uint8Array;
}

export const UNKNOWN = 0;
export const ACKNOWLEDGED = 1;

export const RECORDS_A_DATAGRAM = 2;

/** Octets of a record, so that a row which mixes two records is noticed. */
export function bytesOf(record: number): number {
  return record * 3 + 7;
}

/** Numbers as addresses, uptimes and identifiers are counted from here: none of them is zero, all have the same width. */
export const FIRST_ADDRESS = 0x0a_00_00_00;
export const FIRST_EXPORTER_PORT = 10_000;
export const FIRST_INFORM = 0x10_00_00_00;

/** To the generator. `templates`: NetFlow v9 says its templates again, as a device does now and then. `pause`: nothing new is sent. */
export type LoadOrder = { readonly start: LoadPorts; readonly saysTemplates: boolean } | 'templates' | 'pause' | 'stop';
