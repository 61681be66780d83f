import type { AccountLog, LoggedAccount } from '../accounts/logged-account.ts';
import { spreadDrops } from '../accounts/spread-drops.ts';
import type { RowSink } from '../row-sink.ts';
import type { DeviceClocks, ZoneOfDevice } from './clock/device-time.ts';
import type { Device } from './devices/device.ts';
import { writeDeviceRow } from './devices/device-row.ts';
import { DeviceTable } from './devices/device-table.ts';
import type { MessageJudge } from './filter/filter-subject.ts';
import type { Arrival } from './message.ts';
import { ParsedMessage, RAW } from './message/parsed-message.ts';
import { MessageSubject } from './message/message-subject.ts';
import { parseInto } from './parse.ts';
import type { ReceiveSyslog, SyslogReceived } from './received.ts';
import { writeMessageRow } from './row/message-row.ts';

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
  readonly losses: RowSink;
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
  /** Where what is counted survives this process. Set before the first message. */
  accountLog: AccountLog | undefined;
  readonly #options: SyslogDecoderOptions & Required<Pick<SyslogDecoderOptions, keyof typeof DEFAULTS>>;
  readonly #sinks: SyslogSinks;
  readonly #table: DeviceTable;
  readonly #counts = { messages: 0, bytes: 0, unparsed: 0, lossy: 0, cut: 0, dropped: 0, internalErrors: 0 };
  readonly #message = new ParsedMessage();
  readonly #subject = new MessageSubject(this.#message);
  readonly #arrival: DeviceArrival;
  #nowMicros = 0;

  constructor(options: SyslogDecoderOptions, sinks: SyslogSinks) {
    this.#options = { ...DEFAULTS, ...options };
    this.#sinks = sinks;
    this.#arrival = new DeviceArrival(options.zone);
    this.#table = new DeviceTable(this.#options.maxDevices, (device) => this.#writeRows(device, this.#nowMicros));
  }

  /** Takes one message without its framing; may be passed on as a function. */
  readonly receive: ReceiveSyslog = (bytes, received) => {
    const counts = this.#counts;
    counts.messages += 1;
    counts.bytes += bytes.length;
    this.#nowMicros = received.receivedAtMicros;
    const device = this.#table.at(received.sourceAddress, received.receivedAtMicros);
    const { tally } = device;
    tally.arrive(this.#sinks.losses, received.receivedAtMicros, this.accountLog);
    tally.rows += 1;
    device.messages += 1;
    device.lastSeenMicros = received.receivedAtMicros;
    if (received.cut) {
      counts.cut += 1;
      device.cut += 1;
    }
    this.#decode(bytes, received, device);
  };

  /** To be called every few seconds: writes what was counted at devices, and forgets those that are silent. */
  sweep(nowMicros: number): void {
    this.#nowMicros = nowMicros;
    const rowMicros = this.#options.deviceRowSeconds * 1_000_000;
    const idleMicros = this.#options.deviceIdleSeconds * 1_000_000;
    for (const device of this.#table) {
      if (nowMicros - device.lastSeenMicros > idleMicros) this.#table.forget(device);
      else if (nowMicros - device.writtenAtMicros >= rowMicros) {
        this.#writeRows(device, nowMicros);
      }
    }
  }

  /** Writes what was counted and not written yet; at the end of the program. */
  finish(nowMicros: number): void {
    for (const device of this.#table) this.#writeRows(device, nowMicros);
  }

  /** Spreads datagrams that the kernel dropped over the devices heard of late: nobody knows whose they were. */
  spreadKernelDrops(drops: number): void {
    const tallies = Array.from(this.#table, ({ tally }) => tally);
    spreadDrops(
      drops,
      tallies,
      (tally) => tally.recentDatagrams,
      (tally) => tally.counted(this.accountLog),
    );
  }

  /** Whose counts must survive the process. */
  *loggedAccounts(): Iterable<LoggedAccount> {
    for (const { tally } of this.#table) yield tally.account;
  }

  get totals(): Readonly<SyslogTotals> {
    return { ...this.#counts, devices: this.#table.size, deviceEvictions: this.#table.evictions };
  }

  #writeRows(device: Device, nowMicros: number): void {
    writeDeviceRow(this.#sinks.devices, device, nowMicros);
    device.tally.write(this.#sinks.losses);
  }

  #decode(bytes: Buffer, received: SyslogReceived, device: Device): void {
    const message = this.#message;
    const arrival = this.#arrival;
    arrival.device = received.sourceAddress;
    arrival.receivedAtMicros = received.receivedAtMicros;
    try {
      parseInto(message, bytes, arrival);
    } catch (error) {
      this.#counts.internalErrors += 1;
      this.#options.report?.(error);
      message.makeRaw(bytes);
    }
    this.#count(message, device);
    const { rules } = this.#options;
    let tags = NO_TAGS;
    if (rules !== undefined) {
      const verdict = rules.judge(this.#subject.of(received));
      if (verdict.drop) {
        this.#counts.dropped += 1;
        device.dropped += 1;
        device.tally.filtered += 1;
        return;
      }
      tags = verdict.tags;
    }
    const offsetMs = message.hasTime ? this.#clockOffset(message, received, device) : undefined;
    writeMessageRow(this.#sinks.messages, message, bytes, received, device, offsetMs, tags);
  }

  #count(message: ParsedMessage, device: Device): void {
    if (message.format === RAW && message.reason !== undefined) {
      this.#counts.unparsed += 1;
      device.unparsed += 1;
      device.tally.countUndecodable(message.reason.text);
    }
    if (message.lossy) this.#counts.lossy += 1;
    device.learn(message);
  }

  #clockOffset(message: ParsedMessage, received: SyslogReceived, device: Device): number | undefined {
    const { clocks } = this.#options;
    if (clocks === undefined) return undefined;
    const { receivedAtMicros } = received;
    device.clockOffsetMs = clocks.observe(
      device.address,
      receivedAtMicros,
      message.timestampMicros,
      !message.zoneGuessed,
    );
    return device.clockOffsetMs;
  }
}

/** The arrival of the message at hand; its zone is looked up only where a stamp names none. */
class DeviceArrival implements Arrival {
  device = '';
  receivedAtMicros = 0;
  readonly #zone: ZoneOfDevice | undefined;

  constructor(zone: ZoneOfDevice | undefined) {
    this.#zone = zone;
  }

  get zoneOffsetMinutes(): number {
    return this.#zone?.offsetMinutes(this.device, this.receivedAtMicros) ?? 0;
  }
}
