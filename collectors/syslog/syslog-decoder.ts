import type { RowSink } from '../row-sink.ts';
import type { DeviceClocks, ZoneOfDevice } from './clock/device-time.ts';
import type { Device } from './devices/device.ts';
import { writeDeviceRow } from './devices/device-row.ts';
import { DeviceTable } from './devices/device-table.ts';
import type { FilterSubject, MessageJudge } from './filter/filter-subject.ts';
import type { Arrival, SyslogMessage } from './message.ts';
import { writeMessageRow } from './message-row.ts';
import { parseSyslog } from './parse.ts';
import type { ReceiveSyslog, SyslogReceived } from './received.ts';

/** What the decoder is composed with. All of it may be left out. */
export interface SyslogDecoderOptions {
  /** Devices whose counts and names are remembered; the least recently used go first. */
  readonly maxDevices?: number;
  /** How often what was counted at a device is written to `syslog_devices`. */
  readonly deviceRowSeconds?: number;
  /** A device that is silent for so long is forgotten. */
  readonly deviceIdleSeconds?: number;
  /** In which zone stamps without one are read; UTC where it is left out. */
  readonly zone?: ZoneOfDevice | undefined;
  readonly clocks?: DeviceClocks | undefined;
  readonly rules?: MessageJudge | undefined;
  /** Is told of a defect of the parser: the message is stored raw all the same. */
  readonly report?: ((error: unknown) => void) | undefined;
}

export interface SyslogSinks {
  readonly messages: RowSink;
  readonly devices: RowSink;
}

/** Plain numbers since the start. */
export interface SyslogTotals {
  messages: number;
  bytes: number;
  /** Stored raw: no header that could be read. */
  unparsed: number;
  /** Not UTF-8, or with a NUL inside. */
  lossy: number;
  /** Longer than allowed. */
  cut: number;
  /** By rules. */
  dropped: number;
  /** Defects of ours, reported. */
  internalErrors: number;
  /** Remembered now. */
  devices: number;
  deviceEvictions: number;
}

const DEFAULTS = { maxDevices: 10_000, deviceRowSeconds: 10, deviceIdleSeconds: 24 * 3600 } as const;
const NO_TAGS: readonly string[] = [];

/**
 * The front door of the syslog collector: the bytes of one message in, rows out; no I/O and no timers. Never throws.
 */
export class SyslogDecoder {
  readonly #options: SyslogDecoderOptions & Required<Pick<SyslogDecoderOptions, keyof typeof DEFAULTS>>;
  readonly #sinks: SyslogSinks;
  readonly #table: DeviceTable;
  readonly #counts = { messages: 0, bytes: 0, unparsed: 0, lossy: 0, cut: 0, dropped: 0, internalErrors: 0 };
  #nowMicros = 0;

  constructor(options: SyslogDecoderOptions, sinks: SyslogSinks) {
    this.#options = { ...DEFAULTS, ...options };
    this.#sinks = sinks;
    this.#table = new DeviceTable(this.#options.maxDevices, (device) =>
      writeDeviceRow(this.#sinks.devices, device, this.#nowMicros),
    );
  }

  /** Takes one message without its framing; may be passed on as a function. */
  readonly receive: ReceiveSyslog = (bytes, received) => {
    const counts = this.#counts;
    counts.messages += 1;
    counts.bytes += bytes.length;
    this.#nowMicros = received.receivedAtMicros;
    const device = this.#table.at(received.sourceAddress, received.receivedAtMicros);
    device.messages += 1;
    device.lastSeenMicros = received.receivedAtMicros;
    if (received.cut) {
      counts.cut += 1;
      device.cut += 1;
    }
    try {
      this.#decode(bytes, received, device);
    } catch (error) {
      counts.internalErrors += 1;
      this.#options.report?.(error);
    }
  };

  /** To be called every few seconds: writes what was counted at devices, and forgets those that are silent. */
  sweep(nowMicros: number): void {
    this.#nowMicros = nowMicros;
    const rowMicros = this.#options.deviceRowSeconds * 1_000_000;
    const idleMicros = this.#options.deviceIdleSeconds * 1_000_000;
    for (const device of this.#table) {
      if (nowMicros - device.lastSeenMicros > idleMicros) this.#table.forget(device);
      else if (nowMicros - device.writtenAtMicros >= rowMicros) {
        writeDeviceRow(this.#sinks.devices, device, nowMicros);
      }
    }
  }

  /** Writes what was counted and not written yet; at the end of the program. */
  finish(nowMicros: number): void {
    for (const device of this.#table) writeDeviceRow(this.#sinks.devices, device, nowMicros);
  }

  get totals(): Readonly<SyslogTotals> {
    return { ...this.#counts, devices: this.#table.size, deviceEvictions: this.#table.evictions };
  }

  #decode(bytes: Buffer, received: SyslogReceived, device: Device): void {
    const message = parseSyslog(bytes, this.#arrivalOf(received));
    if (message.reason !== undefined && message.format === 'raw') {
      this.#counts.unparsed += 1;
      device.unparsed += 1;
    }
    if (message.lossy) this.#counts.lossy += 1;
    if (message.timestampMicros !== undefined) {
      device.clockOffsetMs = this.#options.clocks?.observe(
        received.sourceAddress,
        received.receivedAtMicros,
        message.timestampMicros,
        !message.zoneGuessed,
      );
    }
    device.hostname = message.hostname ?? device.hostname;
    device.vendor = message.vendor ?? device.vendor;
    device.dialect = message.dialect ?? device.dialect;
    const verdict = this.#options.rules?.judge(subjectOf(message, received));
    if (verdict?.drop === true) {
      this.#counts.dropped += 1;
      device.dropped += 1;
      return;
    }
    writeMessageRow(this.#sinks.messages, message, bytes, received, device, verdict?.tags ?? NO_TAGS);
  }

  #arrivalOf(received: SyslogReceived): Arrival {
    const { receivedAtMicros, sourceAddress } = received;
    const zoneOffsetMinutes = this.#options.zone?.offsetMinutes(sourceAddress, receivedAtMicros) ?? 0;
    return { receivedAtMicros, zoneOffsetMinutes };
  }
}

function subjectOf(message: SyslogMessage, received: SyslogReceived): FilterSubject {
  return {
    device: received.sourceAddress,
    transport: received.transport,
    receivedAtMicros: received.receivedAtMicros,
    facility: message.facility ?? -1,
    severity: message.severity ?? -1,
    hostname: () => message.hostname,
    appName: () => message.appName,
    mnemonic: () => message.mnemonic,
    vendor: () => message.vendor,
    text: () => message.text,
  };
}
