/** When and under which clock a message arrived; both are needed to complete stamps without a year or a zone. */
export interface Arrival {
  /** Microseconds since the Unix epoch. */
  readonly receivedAtMicros: number;
  /** Minutes east of UTC that a stamp without a zone is read in; asked only then, the caller knows the zone of each device. */
  readonly zoneOffsetMinutes: number;
}

/** SD-ID to its parameters, both as they were sent, values unescaped (RFC 5424, 6.3). */
export type StructuredData = Record<string, Record<string, string>>;

/** Key, value, key, value…; repeated keys are kept. */
export type KeyValues = string[];

/**
 * One parsed syslog message in strings, as people and tests want it. `undefined` says that the sender did not give the value.
 * A plain object that the receiver may keep.
 */
export interface SyslogMessage {
  /** 0–23; undefined where the message had no valid PRI. */
  facility: number | undefined;
  /** 0 (emergency) – 7 (debug), of the PRI; without one, of the mnemonic or the level that a dialect writes, or undefined. */
  severity: number | undefined;
  /** The form of the header: `cisco` is Cisco's prelude of sequence number and clock, `raw` is none at all. */
  format: 'rfc5424' | 'rfc3164' | 'cisco' | 'raw';
  /** VERSION of RFC 5424. */
  version: number | undefined;
  /** The device's time in microseconds since the Unix epoch. */
  timestampMicros: number | undefined;
  /** The stamp had no year: the one that brings it nearest to the arrival was taken. */
  yearGuessed: boolean;
  /** The stamp had no zone: the arrival's was taken. */
  zoneGuessed: boolean;
  hostname: string | undefined;
  appName: string | undefined;
  procId: string | undefined;
  msgId: string | undefined;
  structuredData: StructuredData | undefined;
  /** What recognised the message part, by the name of its file in `dialects/`. */
  dialect: string | undefined;
  /** The maker of the device, in lower case, or as CEF and LEEF name it. */
  vendor: string | undefined;
  /** The maker's own code for this kind of message, such as `SYS-5-CONFIG_I` or `RT_FLOW_SESSION_CREATE`. */
  mnemonic: string | undefined;
  fields: KeyValues | undefined;
  /** The message part; of a raw message, all of it. */
  text: string;
  /** The text is not the bytes: they were not UTF-8, or held NUL. Keep the bytes. */
  lossy: boolean;
  /** Why the message, or a part of it, could not be read. */
  reason: string | undefined;
}
