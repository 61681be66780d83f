import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

import type { SendTimes } from './load-record.ts';

/** A UDP socket that notes when each of its numbered datagrams was handed to the kernel. */
export class TimedSender {
  /** Datagrams that the kernel did not take. */
  errors = 0;
  readonly #port: number;
  readonly #socket: Socket;
  readonly #from: number[] = [];
  readonly #until: number[] = [];

  constructor(port: number) {
    this.#port = port;
    // An address is its own answer, at once: otherwise Node sends in a later turn, and no time that we note is that of sending.
    const lookup = (
      address: string,
      _options: unknown,
      found: (error: null, address: string, family: number) => void,
    ) => found(null, address, 4);
    this.#socket = createSocket({ type: 'udp4', lookup });
    this.#socket.on('error', () => (this.errors += 1));
  }

  async bind(address: string): Promise<void> {
    const listening = once(this.#socket, 'listening');
    this.#socket.bind(0, address);
    await listening;
  }

  /** The number of the next datagram, from 0. */
  get next(): number {
    return this.#from.length;
  }

  get times(): SendTimes {
    return { from: Float64Array.from(this.#from), until: Float64Array.from(this.#until) };
  }

  /** Sends what has the next number. */
  sendNext(datagram: Buffer | string): void {
    this.#from.push(Date.now());
    this.send(datagram);
    this.#until.push(Date.now());
  }

  /** Sends what has no number. */
  send(datagram: Buffer | string): void {
    this.#socket.send(datagram, this.#port, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}
