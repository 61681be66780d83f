import { LossTally } from '../../accounts/loss-tally.ts';
import { inetField, parseAddress, unmapped } from '../../ip-address.ts';
import type { ParsedMessage } from '../message/parsed-message.ts';

/** What is longer was read out of a message that meant something else. */
const MAX_NAME_BYTES = 1024;

/** One sender of syslog and what was counted at it since its last row of `syslog_devices`. */
export class Device {
  /** Textual and normalised. */
  readonly address: string;
  /** The COPY field of an `inet` column. */
  readonly inetField: Buffer;
  readonly firstSeenMicros: number;
  lastSeenMicros: number;

  /** For the loss ledger. */
  readonly tally: LossTally;

  messages = 0;
  unparsed = 0;
  cut = 0;
  dropped = 0;

  /** As last known. */
  clockOffsetMs: number | undefined;
  hostname: string | undefined;
  vendor: string | undefined;
  dialect: string | undefined;
  /** The names above are made once a row: a message costs no string. */
  hostnameIsFresh = false;
  dialectIsFresh = false;

  writtenAtMicros: number;

  // Its neighbours in the order of use; kept by the table.
  newer: Device | undefined;
  older: Device | undefined;

  constructor(address: string, nowMicros: number) {
    this.address = address;
    // A receiver that gives no address is a defect of its own; the messages are worth more.
    this.inetField = inetField(unmapped(parseAddress(address) ?? Buffer.alloc(4)));
    this.tally = new LossTally('syslog', this.inetField);
    this.firstSeenMicros = nowMicros;
    this.lastSeenMicros = nowMicros;
    this.writtenAtMicros = nowMicros;
  }

  /** Takes the names out of a message, unless another one gave them since the last row. */
  learn(message: ParsedMessage): void {
    if (!this.hostnameIsFresh && message.hasHost) {
      this.hostnameIsFresh = true;
      const { hostStart, hostEnd } = message;
      if (hostEnd - hostStart <= MAX_NAME_BYTES) this.hostname = message.utf8(hostStart, hostEnd);
    }
    if (this.dialectIsFresh || message.dialect === undefined) return;
    this.dialectIsFresh = true;
    const { vendorStart, vendorEnd } = message;
    this.dialect = message.dialect.text;
    const isName = vendorEnd > vendorStart && vendorEnd - vendorStart <= MAX_NAME_BYTES;
    this.vendor = isName ? message.utf8(vendorStart, vendorEnd) : undefined;
  }
}
