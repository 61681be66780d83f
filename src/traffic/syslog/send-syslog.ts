import { paceEvenly } from '../even-pace.ts';
import {
  ErrorTally,
  loopbackAddress,
  refuseUnreachable,
  type SourceKind,
  type UdpTarget,
  wireBytes,
} from '../udp-target.ts';
import type { SyslogLoad } from './syslog-load.ts';
import { emptyCounts, type Outlet, type OutletCounts } from './transport/outlet.ts';
import type { TlsClientOptions } from './transport/reconnecting-stream.ts';
import { RelpOutlet } from './transport/relp-outlet.ts';
import { StreamOutlet, type SyslogFraming } from './transport/stream-outlet.ts';
import { UdpOutlet } from './transport/udp-outlet.ts';

export const SYSLOG_TRANSPORTS = ['udp', 'tcp', 'tls', 'relp'] as const;
export type SyslogTransportName = (typeof SYSLOG_TRANSPORTS)[number];

export interface SyslogSendOptions {
  readonly target: UdpTarget;
  readonly transport: SyslogTransportName;
  /** Of TCP and TLS. Default octet. */
  readonly framing?: SyslogFraming;
  /** Sockets, over which the devices are spread. Default: one a device. */
  readonly connections?: number | undefined;
  readonly source?: SourceKind;
  /** RELP goes over TLS where this is given. */
  readonly tls?: TlsClientOptions;
  /** Whether broken connections are made again. Default true. */
  readonly reconnect?: boolean;
  /** `Infinity`: as fast as it goes. */
  readonly messagesPerSecond: number;
  readonly durationMs: number;
  /** Ends after so many, whatever the duration. */
  readonly limit?: number;
  /** How long to wait for acknowledgements, and for what is not written yet, in the end. Default 10 s. */
  readonly settleMs?: number;
  readonly signal?: AbortSignal;
  /** Called about ten times a second. */
  readonly onProgress?: (elapsedMs: number, messages: number) => void;
}

export interface SyslogSendReport extends Readonly<Omit<OutletCounts, 'acknowledged'>> {
  readonly transport: SyslogTransportName;
  /** Handed over, and not written, since sending failed or a connection broke. */
  readonly notWritten: number;
  /** Null where the transport has no acknowledgements: then nobody knows what arrived. */
  readonly acknowledged: number | null;
  /** Null likewise. */
  readonly unanswered: number | null;
  /** With UDP, IP and Ethernet; null for other transports. */
  readonly wireBytes: number | null;
  readonly seconds: number;
  readonly askedMessagesPerSecond: number | null;
  readonly messagesPerSecond: number;
  /** Never made, because sending could not keep up with the rate asked for. */
  readonly skipped: number;
  readonly interrupted: boolean;
  /** Of the first and the last message; null when none was sent. */
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
  /** Messages handed over, by dialect. */
  readonly dialects: Readonly<Record<string, number>>;
  /** What went wrong, by error code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly connections: readonly SyslogConnectionReport[];
}

interface SyslogConnectionReport {
  readonly localAddress: string;
  readonly localPort: number;
  readonly messages: number;
}

const DEFAULT_SETTLE_MS = 10_000;
// Streams are written in larger pieces than datagrams.
const STREAM_BURST = 256;
const OPENED_AT_ONCE = 64;

/**
 * Sends the messages of `load` at an even pace, connections in turn, and waits for what can be waited for.
 * @throws DogwatchError `USAGE`, `SOCKET_FAILED`, `CONNECT_FAILED`
 */
export async function sendSyslog(load: SyslogLoad, options: SyslogSendOptions): Promise<SyslogSendReport> {
  refuseUnreachable(options.target, options.source ?? 'ports');
  const errors = new ErrorTally();
  const count = Math.min(options.connections ?? load.devices, load.devices);
  const outlets = Array.from({ length: count }, (_, index) => createOutlet(options, index, errors));
  try {
    await startAll(outlets);
    const run = new SyslogRun(load, outlets, options, errors);
    await run.send();
    return run.report();
  } finally {
    await Promise.all(outlets.map((outlet) => outlet.finish(AbortSignal.abort())));
  }
}

function createOutlet(options: SyslogSendOptions, index: number, errors: ErrorTally): Outlet {
  const { target, transport, framing = 'octet', source = 'ports', reconnect = true } = options;
  if (transport === 'udp') return new UdpOutlet({ target, source, index, errors });
  const stream = {
    target,
    tls: transport === 'tcp' ? undefined : (options.tls ?? (transport === 'tls' ? {} : undefined)),
    localAddress: source === 'loopback-range' ? loopbackAddress(index) : undefined,
    reconnect,
    errors,
  };
  return transport === 'relp' ? new RelpOutlet(stream) : new StreamOutlet(stream, framing);
}

async function startAll(outlets: readonly Outlet[]): Promise<void> {
  for (let from = 0; from < outlets.length; from += OPENED_AT_ONCE) {
    await Promise.all(outlets.slice(from, from + OPENED_AT_ONCE).map((outlet) => outlet.start()));
  }
}

class SyslogRun {
  readonly #load: SyslogLoad;
  readonly #outlets: readonly Outlet[];
  readonly #options: SyslogSendOptions;
  readonly #errors: ErrorTally;
  readonly #byDialect: number[];
  /** Devices are spread over the outlets; of each outlet, who speaks next. */
  readonly #nextDevice: number[];
  readonly #done = new AbortController();
  readonly #connections: SyslogConnectionReport[] = [];
  #turn = 0;
  #messages = 0;
  #seconds = 0;
  #skipped = 0;

  constructor(load: SyslogLoad, outlets: readonly Outlet[], options: SyslogSendOptions, errors: ErrorTally) {
    this.#load = load;
    this.#outlets = outlets;
    this.#options = options;
    this.#errors = errors;
    this.#byDialect = load.dialects.map(() => 0);
    this.#nextDevice = outlets.map((_, index) => index);
  }

  async send(): Promise<void> {
    const {
      messagesPerSecond,
      durationMs,
      signal,
      onProgress,
      transport,
      settleMs = DEFAULT_SETTLE_MS,
    } = this.#options;
    const pace = {
      perSecond: messagesPerSecond,
      durationMs,
      signal: signal === undefined ? this.#done.signal : AbortSignal.any([signal, this.#done.signal]),
      ...(transport === 'udp' ? {} : { burst: STREAM_BURST }),
      afterBurst: () => this.#flush(),
      onProgress: (elapsedMs: number) => onProgress?.(elapsedMs, this.#messages),
    };
    const { elapsedMs, skipped } = await paceEvenly(pace, () => this.#sendNext());
    this.#seconds = elapsedMs / 1000;
    this.#skipped = skipped;
    this.#nameConnections();
    const settled = AbortSignal.timeout(settleMs);
    await Promise.all(this.#outlets.map((outlet) => outlet.finish(settled)));
  }

  /** Hands a message to the next outlet that takes one. */
  #sendNext(): 1 | undefined {
    const { limit = Infinity } = this.#options;
    if (this.#messages >= limit) return this.#stop();
    const index = this.#nextReady();
    const outlet = index === undefined ? undefined : this.#outlets[index];
    if (index === undefined || outlet === undefined) return undefined;
    const device = this.#nextDevice[index] ?? index;
    const following = device + this.#outlets.length;
    this.#nextDevice[index] = following < this.#load.devices ? following : index;
    const message = this.#load.next(device, Date.now());
    outlet.send(message.bytes);
    this.#messages += 1;
    this.#byDialect[message.dialect] = (this.#byDialect[message.dialect] ?? 0) + 1;
    return 1;
  }

  #nextReady(): number | undefined {
    const count = this.#outlets.length;
    let ended = 0;
    for (let tried = 0; tried < count; tried += 1) {
      const index = this.#turn;
      this.#turn = index + 1 === count ? 0 : index + 1;
      const outlet = this.#outlets[index];
      if (outlet?.ready === true) return index;
      if (outlet?.ended === true) ended += 1;
    }
    return ended === count ? this.#stop() : undefined;
  }

  #stop(): undefined {
    this.#done.abort();
    return undefined;
  }

  #flush(): void {
    for (const outlet of this.#outlets) outlet.flush();
  }

  #nameConnections(): void {
    for (const { local, counts } of this.#outlets) {
      const { address = '', port = 0 } = local ?? {};
      this.#connections.push({ localAddress: address, localPort: port, messages: counts.messages });
    }
  }

  report(): SyslogSendReport {
    const { transport, messagesPerSecond, target, signal } = this.#options;
    const counts = this.#outlets.reduce((sum, outlet) => add(sum, outlet.counts), emptyCounts());
    const { messages, written, acknowledged, refused } = counts;
    const answers = transport === 'relp';
    return {
      ...counts,
      transport,
      notWritten: messages - written,
      acknowledged: answers ? acknowledged : null,
      unanswered: answers ? messages - acknowledged - refused : null,
      wireBytes: transport === 'udp' ? wireBytes(messages, counts.payloadBytes, target.family) : null,
      seconds: this.#seconds,
      askedMessagesPerSecond: messagesPerSecond === Infinity ? null : messagesPerSecond,
      messagesPerSecond: messages / this.#seconds,
      skipped: this.#skipped,
      interrupted: signal?.aborted === true,
      firstSequence: messages === 0 ? null : this.#load.firstSequence,
      lastSequence: messages === 0 ? null : this.#load.nextSequence - 1,
      dialects: Object.fromEntries(
        this.#load.dialects.map((name, index) => [name, this.#byDialect[index] ?? 0]).filter(([, sent]) => sent !== 0),
      ),
      errors: this.#errors.counts,
      connections: this.#connections,
    };
  }
}

function add(sum: OutletCounts, more: Readonly<OutletCounts>): OutletCounts {
  return {
    messages: sum.messages + more.messages,
    payloadBytes: sum.payloadBytes + more.payloadBytes,
    written: sum.written + more.written,
    acknowledged: sum.acknowledged + more.acknowledged,
    refused: sum.refused + more.refused,
    resent: sum.resent + more.resent,
    reconnects: sum.reconnects + more.reconnects,
  };
}
