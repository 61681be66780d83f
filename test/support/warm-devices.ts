import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { bytes, ipfix, longs, netflow9, optionsTemplate, optionsTemplate9, set, template } from './flow-datagrams.ts';

/** Where devices send to. */
export interface Target {
  readonly address: string;
  readonly flow: number;
  readonly syslog: number;
}

/** The clock of the syslog device is ahead by so much. */
export const AHEAD_MS = 3_600_000;

/** Each device has an address of its own, and keeps its port. */
const SAMPLED = '127.0.1.1';
const NAMING = '127.0.1.2';
const LOSING = '127.0.1.4';
const CLOCK = '127.0.1.9';

/** The addresses, for questions to the database. */
export const DEVICES = { sampled: SAMPLED, naming: NAMING, losing: LOSING, clock: CLOCK } as const;

/** Information elements of IANA's registry: RFC 3954 section 8, RFC 7012, RFC 6759. */
const OCTETS = [1, 4] as const;
const SAMPLER = [48, 1] as const;
const SAMPLER_RATE = [50, 4] as const;
const INGRESS_INTERFACE = [10, 4] as const;
const INTERFACE_NAME = [82, 8] as const;
const APPLICATION = [95, 4] as const;
const APPLICATION_NAME = [96, 8] as const;

/**
 * Devices that say once what their receiver has to know: templates, a sampling rate, and how far a clock is ahead. What they send later
 * is understood by whoever was told of it.
 */
export class WarmDevices {
  readonly #target: Target;
  readonly #sockets = new Map<string, Socket>();
  /** By exporter: datagrams of NetFlow v9, data records of IPFIX. */
  readonly #sequences = new Map<string, number>();

  constructor(target: Target) {
    this.#target = target;
  }

  /** Said once. */
  async teach(): Promise<void> {
    await this.#netflow9(
      SAMPLED,
      set(1, [optionsTemplate9(300, [[1, 4]], [SAMPLER, SAMPLER_RATE])]),
      set(300, [longs(1), bytes(5), longs(100)], 3),
      set(0, [template(256, [OCTETS, SAMPLER])]),
    );
    await this.#ipfix(
      NAMING,
      0,
      set(2, [template(256, [OCTETS])]),
      set(3, [
        optionsTemplate(301, 1, [INGRESS_INTERFACE, INTERFACE_NAME]),
        optionsTemplate(302, 1, [APPLICATION, APPLICATION_NAME]),
      ]),
    );
    await this.#netflow9(LOSING, set(0, [template(256, [OCTETS])]));
    // So many that agree are believed.
    for (let message = 0; message < 3; message += 1) await this.#message('taught');
  }

  /** Data by what was taught; `round` is in all of it. */
  async use(round: number): Promise<void> {
    await this.#netflow9(SAMPLED, set(256, [longs(round), bytes(5)], 3));
    await this.#ipfix(
      NAMING,
      3,
      set(256, [longs(round)]),
      set(301, [longs(round), text(`eth${round}`)]),
      set(302, [longs(round), text(`app${round}`)]),
    );
    await this.#netflow9(LOSING, set(256, [longs(round)]));
    await this.#message(`round ${round}`);
  }

  /** So many datagrams of the losing exporter are lost on their way. */
  lose(datagrams: number): void {
    this.#sequences.set(LOSING, (this.#sequences.get(LOSING) ?? 0) + datagrams);
  }

  /** Data of another exporter, whose template comes later. */
  sendData(exporter: string, octets: number): Promise<void> {
    return this.#netflow9(exporter, set(256, [longs(octets)]));
  }

  sendTemplate(exporter: string): Promise<void> {
    return this.#netflow9(exporter, set(0, [template(256, [OCTETS])]));
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }

  #netflow9(exporter: string, ...sets: Buffer[]): Promise<void> {
    const sequence = this.#advance(exporter, 1);
    return this.#send(exporter, netflow9({ sequence, seconds: nowSeconds() }, ...sets), this.#target.flow);
  }

  #ipfix(exporter: string, records: number, ...sets: Buffer[]): Promise<void> {
    const sequence = this.#advance(exporter, records);
    return this.#send(exporter, ipfix({ sequence, seconds: nowSeconds() }, ...sets), this.#target.flow);
  }

  #message(content: string): Promise<void> {
    const stamp = new Date(Date.now() + AHEAD_MS).toISOString();
    return this.#send(CLOCK, Buffer.from(`<134>1 ${stamp} core-1 app - - - ${content}`), this.#target.syslog);
  }

  /** @returns the number before */
  #advance(exporter: string, by: number): number {
    const sequence = this.#sequences.get(exporter) ?? 0;
    this.#sequences.set(exporter, sequence + by);
    return sequence;
  }

  async #send(from: string, datagram: Buffer, port: number): Promise<void> {
    let socket = this.#sockets.get(from);
    if (socket === undefined) {
      socket = createSocket('udp4').bind(0, from);
      this.#sockets.set(from, socket);
      await once(socket, 'listening');
    }
    const sent = Promise.withResolvers<void>();
    socket.send(datagram, port, this.#target.address, (error) =>
      error === null ? sent.resolve() : sent.reject(error),
    );
    await sent.promise;
  }
}

function text(word: string): Buffer {
  return Buffer.from(word.padEnd(8, '\0'));
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
