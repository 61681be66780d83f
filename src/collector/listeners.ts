import type { GivenSocket } from '../../collectors/listener/given-socket.ts';
import { StreamListener } from '../../collectors/listener/stream-listener.ts';
import { UdpListener } from '../../collectors/listener/udp-listener.ts';
import type { ReplyTo } from '../../collectors/snmp/inform/inform-desk.ts';
import { type Listener, tlsOf } from '../config/schema/listeners.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { FlowPipeline } from './pipelines/flow-pipeline.ts';
import type { SnmpPipeline } from './pipelines/snmp-pipeline.ts';
import type { SyslogPipeline } from './pipelines/syslog-pipeline.ts';

/** Where each family's datagrams and messages go. */
export interface Receivers {
  readonly flow: FlowPipeline;
  readonly snmp: SnmpPipeline;
  readonly syslog: SyslogPipeline;
}

/** The sockets of the configuration, not open yet. */
export class Listeners {
  readonly datagram: readonly UdpListener[];
  readonly stream: readonly StreamListener[];
  /** Whether they should be open. */
  isWanted = true;
  #last: Promise<void> = Promise.resolve();
  /** As in the configuration. */
  readonly #inOrder: readonly (UdpListener | StreamListener)[];

  /** @param sockets those that are open already, by the position of their listener in the configuration */
  constructor(config: Config, receivers: Receivers, sockets: ReadonlyMap<number, GivenSocket>, log: Log) {
    const datagram: UdpListener[] = [];
    const stream: StreamListener[] = [];
    const inOrder: (UdpListener | StreamListener)[] = [];
    for (const [index, options] of config.listeners.entries()) {
      const socket = sockets.get(index);
      if (options.transport === 'udp') {
        const listener = udpListener(options, config, receivers, socket, log);
        datagram.push(listener);
        inOrder.push(listener);
      } else {
        const listener = streamListener(options, config, receivers.syslog, socket, log);
        stream.push(listener);
        inOrder.push(listener);
      }
    }
    this.datagram = datagram;
    this.stream = stream;
    this.#inOrder = inOrder;
  }

  get all(): readonly (UdpListener | StreamListener)[] {
    return [...this.datagram, ...this.stream];
  }

  /**
   * Opens all of them; those that are open are closed before.
   * @param sockets that another process holds, by the position of their listener in the configuration
   * @throws DogwatchError of the first that does not open; the others are closed again
   */
  open(sockets: ReadonlyMap<number, GivenSocket>): Promise<void> {
    this.isWanted = true;
    return this.#inTurn(async () => {
      await this.#closeAll();
      try {
        for (const [index, listener] of this.#inOrder.entries()) await listener.start(sockets.get(index));
      } catch (error) {
        await this.#closeAll();
        throw error;
      }
    });
  }

  /** Closes those that are open; what the kernel has accepted is read. */
  close(): Promise<void> {
    this.isWanted = false;
    return this.#inTurn(() => this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    await Promise.all(this.all.map((listener) => listener.stop()));
  }

  /** One step after the other: a lease may end while a switchover closes them as well. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Until when datagrams may be accepted, by the monotonic clock; `onLate` is called with each that comes later. */
  acceptUntil(untilMs: number, onLate: () => void): void {
    for (const listener of this.datagram) {
      listener.acceptUntilMs = untilMs;
      listener.onLate = onLate;
    }
  }

  /** Answers the sender of a datagram from the port that it wrote to. What cannot be sent is sent when it asks again. */
  reply(bytes: Buffer, { address, port, localPort }: ReplyTo): void {
    this.datagram.find(({ boundAddress }) => boundAddress?.port === localPort)?.send(bytes, port, address);
  }

  /** Files that TLS listeners read. */
  get certificateFiles(): string[] {
    const files = this.stream.flatMap(({ options: { tls } }) =>
      tls === undefined ? [] : [tls.certificateFile, tls.keyFile, tls.clientCaFile],
    );
    return [...new Set(files.filter((file) => file !== undefined))];
  }

  /** @throws DogwatchError of the first listener whose certificate is no good; it goes on with the old one */
  reloadCertificates(): void {
    for (const listener of this.stream) listener.reload();
  }
}

function udpListener(
  { family, address, port, receiveBuffer, allowFrom }: Extract<Listener, { transport: 'udp' }>,
  config: Config,
  { flow, snmp, syslog }: Receivers,
  socket: GivenSocket | undefined,
  log: Log,
): UdpListener {
  const pipeline = { flow, snmp, syslog }[family];
  const options = {
    family,
    address,
    port,
    receiveBufferBytes: receiveBuffer,
    socket,
    allowFrom: allowFrom ?? config.allowFrom,
    ...(family === 'snmp' ? { beforeClose: () => snmp.settle() } : {}),
  };
  return new UdpListener(options, systemClock, (datagram) => pipeline.receive(datagram), log);
}

function streamListener(
  options: Exclude<Listener, { transport: 'udp' }>,
  config: Config,
  { decoder, acceptance }: SyslogPipeline,
  socket: GivenSocket | undefined,
  log: Log,
): StreamListener {
  const { transport, address, port, allowFrom, maxConnections, maxConnectionsPerSource, idle } = options;
  return new StreamListener(
    {
      family: 'syslog',
      transport,
      address,
      port,
      allowFrom: allowFrom ?? config.allowFrom,
      maxMessageBytes: config.syslog.limits.messageBytes,
      maxConnections,
      maxConnectionsPerSource,
      idleMs: idle,
      socket,
      tls: tlsOf(options, config.tls),
    },
    systemClock,
    decoder.receive,
    acceptance,
    log,
  );
}
