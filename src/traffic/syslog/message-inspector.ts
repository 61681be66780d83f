import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { Datagram } from '../../../collectors/datagram.ts';
import { SyslogDecoder, type SyslogTotals } from '../../../collectors/syslog/syslog-decoder.ts';
import { SYSLOG_DEVICES, SYSLOG_MESSAGES } from '../../../collectors/syslog/tables.ts';
import { MemoryRows, type Row } from '../memory-rows.ts';

/** Decodes syslog datagrams as the collector would without rules. Stamps without a zone are read as this machine's time. */
export class MessageInspector {
  readonly #rows = {
    messages: new MemoryRows(SYSLOG_MESSAGES),
    devices: new MemoryRows(SYSLOG_DEVICES),
    losses: new MemoryRows(LOSSES),
  };
  readonly #decoder = new SyslogDecoder(
    { zone: { offsetMinutes: (_device, atMicros) => -new Date(atMicros / 1000).getTimezoneOffset() } },
    this.#rows,
  );

  /** The message as a row of `syslog_messages`. */
  inspect({ bytes, sourceAddress, receivedAtMicros }: Datagram): Row[] {
    this.#decoder.receive(bytes, { sourceAddress, transport: 'udp', receivedAtMicros, cut: false });
    this.#rows.devices.take();
    return this.#rows.messages.take();
  }

  get totals(): Readonly<SyslogTotals> {
    return this.#decoder.totals;
  }
}
