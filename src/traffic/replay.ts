import type { Socket } from 'node:dgram';
import { statSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { createTally, readPcapFile } from './pcap.ts';
import type { CapturedDatagram } from './captured-datagram.ts';
import type { CaptureTally } from './pcap.ts';
import { ErrorTally, openSource, wireBytes } from './udp-target.ts';
import type { SourceKind, UdpTarget } from './udp-target.ts';

/** `original`: as captured, `factor` times as fast; `rate`: evenly; `max`: as fast as it goes. */
export type ReplayPace =
  | { readonly kind: 'original'; readonly factor: number }
  | { readonly kind: 'rate'; readonly datagramsPerSecond: number }
  | { readonly kind: 'max' };

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly target: UdpTarget;
  readonly pace: ReplayPace;
  /** `fixed`: all to the target's port; `original`: to the captured destination port, at the target's address. */
  readonly portMap?: 'fixed' | 'original';
  /** Of `fixed`: the port for a datagram, in place of the target's. */
  readonly portOf?: (datagram: CapturedDatagram) => number;
  readonly source?: SourceKind;
  /** How often; `Infinity` until interrupted. Default 1. */
  readonly loops?: number;
  /** Which datagrams to send; default all. */
  readonly choose?: (datagram: CapturedDatagram) => boolean;
  readonly signal?: AbortSignal;
  /** Called about ten times a second; `fraction` of all that is to be read, NaN where that has no end. */
  readonly onProgress?: (fraction: number, report: ReplayCounts) => void;
}

interface ReplayCounts {
  datagrams: number;
  payloadBytes: number;
  /** UDP datagrams of the capture that were not chosen. */
  passedOver: number;
}

export interface ReplayReport extends Readonly<ReplayCounts> {
  /** With UDP, IP and Ethernet. */
  readonly wireBytes: number;
  readonly seconds: number;
  readonly datagramsPerSecond: number;
  readonly interrupted: boolean;
  /** What the kernel said against it, by error code; ECONNREFUSED: the host answered that nothing listens there. */
  readonly errors: Readonly<Record<string, number>>;
  readonly sources: readonly ReplaySource[];
  /** One a file, of its first reading. */
  readonly captures: readonly { readonly file: string; readonly tally: CaptureTally }[];
}

interface ReplaySource {
  /** As captured. */
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  datagrams: number;
}

const MAX_OPEN_SOCKETS = 1000;
const MAX_IN_FLIGHT = 256;
const BURST_DATAGRAMS = 32;
const PROGRESS_EVERY_MS = 100;
const LONGEST_WAIT_MS = 60_000;

/**
 * Sends the UDP payloads of captures, one local socket for each captured source, so that exporters stay apart.
 * @throws DogwatchError `NOT_A_CAPTURE`, `FILE_UNREADABLE`, `SOCKET_FAILED`
 */
export async function replayCaptures(options: ReplayOptions): Promise<ReplayReport> {
  const run = new ReplayRun(options);
  try {
    await run.send();
    return run.report();
  } finally {
    run.close();
  }
}

interface OpenSource {
  readonly socket: Socket;
  readonly report: ReplaySource;
}

class ReplayRun {
  readonly #options: ReplayOptions;
  readonly #totalBytes: number;
  readonly #errors = new ErrorTally();
  readonly #counts: ReplayCounts = { datagrams: 0, payloadBytes: 0, passedOver: 0 };
  readonly #open = new Map<string, OpenSource>();
  readonly #addresses = new Map<string, number>();
  readonly #sources: ReplaySource[] = [];
  readonly #captures: { file: string; tally: CaptureTally }[] = [];
  readonly #startedAt = performance.now();
  #elapsedMs = 0;
  #submitted = 0;
  #inFlight = 0;
  #bytesBefore = 0; // of the files read so far
  #captureMicros = 0; // the capture's own clock since the start
  #progressAtMs = PROGRESS_EVERY_MS;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#totalBytes = options.files.reduce((sum, file) => sum + sizeOf(file), 0);
  }

  async send(): Promise<void> {
    const { files, loops = 1 } = this.#options;
    for (let loop = 0; loop < loops && !this.#interrupted; loop += 1) {
      const submittedBefore = this.#submitted;
      for (const file of files) {
        const tally = createTally();
        if (loop === 0) this.#captures.push({ file, tally });
        await this.#sendFile(file, tally);
      }
      if (this.#submitted === submittedBefore) break; // nothing to send: for ever would be long
    }
    while (this.#inFlight > 0) await nextTurn();
    this.#elapsedMs = performance.now() - this.#startedAt;
  }

  get #interrupted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  async #sendFile(file: string, tally: CaptureTally): Promise<void> {
    const { choose = () => true } = this.#options;
    let previousMicros: number | undefined;
    for await (const datagram of readPcapFile(file, tally)) {
      if (this.#interrupted) return;
      if (!choose(datagram)) {
        this.#counts.passedOver += 1;
        continue;
      }
      // Captures of several interfaces are not always in order.
      this.#captureMicros += Math.max(0, datagram.timeMicros - (previousMicros ?? datagram.timeMicros));
      previousMicros = datagram.timeMicros;
      await this.#waitForTurn();
      if (this.#interrupted) return;
      const source = await this.#sourceOf(datagram);
      this.#submit(source, datagram.payload);
      this.#progress(tally);
    }
    this.#bytesBefore += sizeOf(file);
  }

  async #waitForTurn(): Promise<void> {
    const dueAt = this.#startedAt + this.#dueAfterMs();
    for (;;) {
      const wait = dueAt - performance.now();
      if (wait < 1 || this.#interrupted) break;
      await this.#delay(Math.min(wait, LONGEST_WAIT_MS));
    }
    if (this.#submitted % BURST_DATAGRAMS === 0) await nextTurn();
    while (this.#inFlight >= MAX_IN_FLIGHT) await nextTurn();
  }

  #dueAfterMs(): number {
    const { pace } = this.#options;
    if (pace.kind === 'max') return 0;
    if (pace.kind === 'rate') return (this.#submitted / pace.datagramsPerSecond) * 1000;
    return this.#captureMicros / 1000 / pace.factor;
  }

  async #delay(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, this.#options.signal === undefined ? {} : { signal: this.#options.signal });
    } catch {
      // Interrupted; the loops look at the signal.
    }
  }

  async #sourceOf(datagram: CapturedDatagram): Promise<OpenSource> {
    const { target, portMap, portOf, source = 'ports' } = this.#options;
    const port = portMap === 'original' ? datagram.destinationPort : (portOf?.(datagram) ?? target.port);
    const key = `${datagram.sourceAddress} ${datagram.sourcePort} ${port}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    this.#closeOldest();
    // A source address for each captured address, also where it sends from several ports.
    const index = this.#addressIndex(datagram.sourceAddress);
    const socket = await openSource({ ...target, port }, source, index, (error) => this.#errors.add(error));
    const { address, port: localPort } = socket.address();
    const report = {
      address: datagram.sourceAddress,
      port: datagram.sourcePort,
      localAddress: address,
      localPort,
      datagrams: 0,
    };
    this.#sources.push(report);
    this.#open.set(key, { socket, report });
    return { socket, report };
  }

  #addressIndex(address: string): number {
    const index = this.#addresses.get(address) ?? this.#addresses.size;
    this.#addresses.set(address, index);
    return index;
  }

  #closeOldest(): void {
    if (this.#open.size < MAX_OPEN_SOCKETS) return;
    for (const [key, { socket }] of this.#open) {
      this.#open.delete(key);
      socket.close();
      return;
    }
  }

  #submit({ socket, report }: OpenSource, payload: Buffer): void {
    this.#submitted += 1;
    this.#inFlight += 1;
    socket.send(payload, (error) => {
      this.#inFlight -= 1;
      if (error !== null) {
        this.#errors.add(error);
        return;
      }
      report.datagrams += 1;
      this.#counts.datagrams += 1;
      this.#counts.payloadBytes += payload.length;
    });
  }

  #progress(tally: CaptureTally): void {
    const { onProgress, loops = 1 } = this.#options;
    const elapsed = performance.now() - this.#startedAt;
    if (onProgress === undefined || elapsed < this.#progressAtMs) return;
    this.#progressAtMs = elapsed + PROGRESS_EVERY_MS;
    const fraction = loops === Infinity ? NaN : (this.#bytesBefore + tally.bytesRead) / (this.#totalBytes * loops);
    onProgress(fraction, this.#counts);
  }

  report(): ReplayReport {
    const seconds = this.#elapsedMs / 1000;
    return {
      ...this.#counts,
      wireBytes: wireBytes(this.#counts.datagrams, this.#counts.payloadBytes, this.#options.target.family),
      seconds,
      datagramsPerSecond: seconds > 0 ? this.#counts.datagrams / seconds : 0,
      interrupted: this.#interrupted,
      errors: this.#errors.counts,
      sources: this.#sources,
      captures: this.#captures,
    };
  }

  close(): void {
    for (const { socket } of this.#open.values()) socket.close();
    this.#open.clear();
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    throw new DogwatchError('FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
