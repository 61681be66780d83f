import { longs, netflow9, set, template, words } from '../flow-datagrams.ts';
import { bytesOf, FIRST_ADDRESS, FIRST_EXPORTER_PORT, RECORDS_A_DATAGRAM } from './load-record.ts';
import { TimedSender } from './timed-sender.ts';

const TEMPLATE_ID = 256;
/** IANA: sourceIPv4Address, destinationIPv4Address, octetDeltaCount, packetDeltaCount, source and destination port, protocol. */
const FIELDS = [
  [8, 4],
  [12, 4],
  [1, 4],
  [2, 4],
  [7, 2],
  [11, 2],
  [4, 1],
] as const;

/** One exporter, with an address of its own on loopback, whose records are numbered from 0. */
export class NumberedExporter {
  readonly sender: TimedSender;
  readonly #index: number;
  readonly #version: 5 | 9;
  #sequence = 0;

  constructor(index: number, version: 5 | 9, port: number) {
    this.#index = index;
    this.#version = version;
    this.sender = new TimedSender(port);
  }

  open(): Promise<void> {
    return this.sender.bind(`127.0.0.${10 + this.#index}`);
  }

  sendTemplates(): void {
    if (this.#version === 9) this.sender.send(this.#netflow9(set(0, [template(TEMPLATE_ID, FIELDS)])));
  }

  sendRecords(): void {
    const first = this.sender.next * RECORDS_A_DATAGRAM;
    const numbers = Array.from({ length: RECORDS_A_DATAGRAM }, (_, index) => first + index);
    const exporterPort = FIRST_EXPORTER_PORT + this.#index;
    const records = (): Buffer[] => numbers.map((number) => record9(number, exporterPort));
    this.sender.sendNext(
      this.#version === 5 ? this.#netflow5(numbers, exporterPort) : this.#netflow9(set(TEMPLATE_ID, records(), 2)),
    );
  }

  #netflow9(flowSet: Buffer): Buffer {
    this.#sequence += 1; // datagrams: RFC 3954 section 5.1
    const seconds = Math.floor(Date.now() / 1000);
    return netflow9({ sequence: this.#sequence - 1, domain: this.#index, seconds }, flowSet);
  }

  /** Cisco's "NetFlow Export Datagram Format": a header of 24 bytes, records of 48. */
  #netflow5(numbers: readonly number[], exporterPort: number): Buffer {
    const records = numbers.map((number) =>
      Buffer.concat([
        longs(FIRST_ADDRESS + number, 0xc0_00_02_01, 0),
        words(1, 2),
        longs(1, bytesOf(number), 99_000, 100_000),
        words(number % 50_000, exporterPort),
        Buffer.from([0, 0, 17, 0]),
        words(0, 0, 0, 0),
      ]),
    );
    const header = [words(5, numbers.length), longs(100_000, Math.floor(Date.now() / 1000), 0, this.#sequence)];
    this.#sequence += numbers.length; // flows
    return Buffer.concat([...header, Buffer.from([0, this.#index]), words(0), ...records]);
  }
}

function record9(number: number, exporterPort: number): Buffer {
  return Buffer.concat([
    longs(FIRST_ADDRESS + number, 0xc0_00_02_01, bytesOf(number), 1),
    words(number % 50_000, exporterPort),
    Buffer.from([17]),
  ]);
}
