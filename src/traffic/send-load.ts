import type { Socket } from 'node:dgram';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { paceEvenly } from './even-pace.ts';
import { addTo, emptyTotals } from './load.ts';
import type { ExporterLoad, Load, LoadTotals } from './load.ts';
import { ErrorTally, openSource, wireBytes } from './udp-target.ts';
import type { SourceKind, UdpTarget } from './udp-target.ts';

export interface SendOptions {
  readonly target: UdpTarget;
  /** `Infinity`: as fast as it goes. */
  readonly recordsPerSecond: number;
  readonly durationMs: number;
  readonly source?: SourceKind;
  /** Ends the sending early; what was sent is reported all the same. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second. */
  readonly onProgress?: (elapsedMs: number, totals: LoadTotals) => void;
}

export interface SendReport {
  readonly totals: LoadTotals;
  /** With UDP, IP and Ethernet. */
  readonly wireBytes: number;
  readonly seconds: number;
  readonly askedRecordsPerSecond: number | null;
  readonly recordsPerSecond: number;
  readonly datagramsPerSecond: number;
  /** Records that were given up because sending could not keep up with the rate asked for. */
  readonly skippedRecords: number;
  readonly interrupted: boolean;
  /** What the kernel said against it, by error code; ECONNREFUSED: the host answered that nothing listens there. */
  readonly errors: Readonly<Record<string, number>>;
  readonly exporters: readonly ExporterReport[];
}

interface ExporterReport {
  readonly observationDomain: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly datagrams: number;
  readonly records: number;
  /** As the first and the last datagram carried it; null when none was sent. */
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
}

interface Sender {
  readonly exporter: ExporterLoad;
  readonly socket: Socket;
  datagrams: number;
  records: number;
}

// With a full send buffer the kernel refuses at once and Node queues; more than that must not wait there, since
// prepared datagrams are reused (`ExporterLoad.prepared` is larger).
const MAX_IN_FLIGHT = 256;

/**
 * Sends `load` at an even pace, one socket an exporter, exporters in turn.
 * @throws DogwatchError `SOCKET_FAILED`, `USAGE`
 */
export async function sendLoad(load: Load, options: SendOptions): Promise<SendReport> {
  const errors = new ErrorTally();
  const senders: Sender[] = [];
  try {
    for (const [index, exporter] of load.exporters.entries()) {
      const socket = await openSource(options.target, options.source ?? 'ports', index, (error) => errors.add(error));
      senders.push({ exporter, socket, datagrams: 0, records: 0 });
    }
    const run = new SendRun(senders, options, errors);
    await run.pace();
    return run.report();
  } finally {
    for (const { socket } of senders) socket.close();
  }
}

class SendRun {
  readonly #senders: readonly Sender[];
  readonly #options: SendOptions;
  readonly #errors: ErrorTally;
  readonly #totals = emptyTotals();
  #elapsedMs = 0;
  #turn = 0;
  #inFlight = 0;
  #skippedRecords = 0;

  constructor(senders: readonly Sender[], options: SendOptions, errors: ErrorTally) {
    this.#senders = senders;
    this.#options = options;
    this.#errors = errors;
  }

  async pace(): Promise<void> {
    const { recordsPerSecond, durationMs, signal, onProgress } = this.#options;
    const pace = {
      perSecond: recordsPerSecond,
      durationMs,
      signal,
      onProgress: (elapsedMs: number) => onProgress?.(elapsedMs, this.#totals),
    };
    const { elapsedMs, skipped } = await paceEvenly(pace, () =>
      this.#inFlight < MAX_IN_FLIGHT ? this.#sendNext() : undefined,
    );
    this.#elapsedMs = elapsedMs;
    this.#skippedRecords = skipped;
    while (this.#inFlight > 0) await nextTurn();
  }

  #sendNext(): number {
    const sender = this.#senders[this.#turn];
    if (sender === undefined) throw new Error('no exporter to send for');
    this.#turn = (this.#turn + 1) % this.#senders.length;
    const datagram = sender.exporter.next(Date.now());
    this.#inFlight += 1;
    sender.socket.send(datagram.bytes, (error) => {
      this.#inFlight -= 1;
      if (error !== null) {
        this.#errors.add(error);
        return;
      }
      sender.datagrams += 1;
      sender.records += datagram.records;
      addTo(this.#totals, datagram);
    });
    return datagram.records;
  }

  report(): SendReport {
    const { recordsPerSecond, target, signal } = this.#options;
    const seconds = this.#elapsedMs / 1000;
    return {
      totals: this.#totals,
      wireBytes: wireBytes(this.#totals.datagrams, this.#totals.payloadBytes, target.family),
      seconds,
      askedRecordsPerSecond: recordsPerSecond === Infinity ? null : recordsPerSecond,
      recordsPerSecond: this.#totals.records / seconds,
      datagramsPerSecond: this.#totals.datagrams / seconds,
      skippedRecords: this.#skippedRecords,
      interrupted: signal?.aborted === true,
      errors: this.#errors.counts,
      exporters: this.#senders.map(reportOf),
    };
  }
}

function reportOf({ exporter, socket, datagrams, records }: Sender): ExporterReport {
  const { address, port } = socket.address();
  return {
    observationDomain: exporter.identity.observationDomain,
    localAddress: address,
    localPort: port,
    datagrams,
    records,
    firstSequence: datagrams === 0 ? null : exporter.firstSequence,
    lastSequence: datagrams === 0 ? null : exporter.lastSequence,
  };
}
