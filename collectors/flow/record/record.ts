/** One field of a template: RFC 7011 section 3.2. `length` 65535 means variable. `pen` is 0 for IANA's elements. */
export interface FieldSpecifier {
  readonly pen: number;
  readonly id: number;
  readonly length: number;
}

export const VARIABLE_LENGTH = 65_535;

/** Where a sampling rate came from; stored beside it as one ASCII character. */
export const SAMPLING_SOURCE = {
  record: 'r'.charCodeAt(0),
  options: 'o'.charCodeAt(0),
  header: 'h'.charCodeAt(0),
  configuredExporter: 'c'.charCodeAt(0),
  configuredDefault: 'd'.charCodeAt(0),
} as const;

/** What is known of an exporter's sampling beside the record itself. Rates are "1 in N"; 0 is unknown. */
export interface SamplingView {
  /** An operator's word for this exporter: goes before everything else. 0: none. */
  readonly override: number;
  /** The rate of a selector (IE 302 or 48 in the record), from option data. */
  rateOfSelector(id: number): number;
  /** The rate of an interface (ifIndex), from option data that is scoped by interface. */
  rateOfInterface(ifIndex: number): number;
  /** The rate for records that name no selector and no known interface, and its source. */
  readonly fallback: number;
  readonly fallbackSource: number;
}

/** What all records of one datagram share. */
export interface RecordContext {
  /** Microseconds since the Unix epoch. */
  receivedAtMicros: number;
  /** The header's export time, microseconds since the Unix epoch. */
  exportedAtMicros: number;
  /**
   * The header's sysUptime, milliseconds modulo 2^32; -1 where the header has none (IPFIX).
   * A time of IE 21 or 22 is exportedAt + (value - uptime) ms, modulo 2^32 and at most a day ahead, which is right across a
   * wrap of the uptime.
   */
  uptimeMs: number;
  /** When the exporter started (IE 160 of option data), for IPFIX with IE 21/22; NaN where unknown. */
  bootedAtMicros: number;
  /** The whole COPY field `exporter`, length included. */
  exporterField: Buffer;
  /** 0: none. */
  observationDomain: number;
  sampling: SamplingView;
  /** The templates of the same transport session and domain, for structured data (RFC 6313); programs are shared by exporters. */
  lookupTemplate?: ((templateId: number) => readonly FieldSpecifier[] | undefined) | undefined;
}
