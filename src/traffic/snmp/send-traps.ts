import { setTimeout as delay } from 'node:timers/promises';
import { encodeElement, encodeInteger } from '../../../collectors/snmp/ber/ber-writer.ts';
import { GET_REQUEST, INTEGER, SEQUENCE } from '../../../collectors/snmp/ber/tags.ts';
import { DogwatchError } from '../../runtime/errors.ts';
import { paceEvenly } from '../even-pace.ts';
import { UdpOutlet } from '../syslog/transport/udp-outlet.ts';
import { ErrorTally, refuseUnreachable, type SourceKind, type UdpTarget, wireBytes } from '../udp-target.ts';
import type { UsmEnvelope } from './envelope/usm-envelope.ts';
import type { TrapLoad } from './trap-load.ts';
import { type InformPatience, WaitingInforms } from './waiting-informs.ts';

export interface TrapSendOptions {
  readonly target: UdpTarget;
  readonly source?: SourceKind;
  /** Sockets, over which the devices are spread. Default: one a device. */
  readonly connections?: number | undefined;
  /** `Infinity`: as fast as it goes. */
  readonly trapsPerSecond: number;
  readonly durationMs: number;
  /** Ends after so many, whatever the duration. */
  readonly limit?: number;
  /** Of informs. Default: 3 retries, 1 s, 256 at a time. */
  readonly patience?: Partial<InformPatience>;
  readonly signal?: AbortSignal;
  /** Called about ten times a second. */
  readonly onProgress?: (elapsedMs: number, traps: number) => void;
}

export interface TrapSendReport {
  readonly version: string;
  readonly pdu: 'trap' | 'inform';
  /** Notifications handed over; copies of informs are not counted. */
  readonly traps: number;
  /** Of these and copies, not taken by the kernel. */
  readonly notWritten: number;
  readonly payloadBytes: number;
  /** With UDP, IP and Ethernet; with copies. */
  readonly wireBytes: number;
  /** Null for traps: then nobody knows what arrived. So are the next four. */
  readonly acknowledged: number | null;
  readonly refused: number | null;
  readonly unanswered: number | null;
  readonly resent: number | null;
  /** Of the receiver, by counter (RFC 3414 section 5). */
  readonly reports: Readonly<Record<string, number>> | null;
  readonly seconds: number;
  readonly askedTrapsPerSecond: number | null;
  readonly trapsPerSecond: number;
  /** Never made, because sending could not keep up with the rate asked for. */
  readonly skipped: number;
  readonly interrupted: boolean;
  /** Of the first and the last notification; null when none was sent. */
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
  /** Notifications by name. */
  readonly kinds: Readonly<Record<string, number>>;
  /** What went wrong, by error code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly sources: readonly TrapSource[];
}

interface TrapSource {
  readonly localAddress: string;
  readonly localPort: number;
  readonly datagrams: number;
}

const DEFAULT_PATIENCE: InformPatience = { retries: 3, timeoutMs: 1000, window: 256 };
const EXPIRE_EVERY_MS = 20;

/**
 * Sends the notifications of `load` at an even pace, devices in turn. Informs are waited for and sent again.
 * @throws DogwatchError `USAGE`, `SOCKET_FAILED`; `NO_ANSWER` where a receiver of SNMPv3 informs does not say who it is
 */
export async function sendTraps(load: TrapLoad, options: TrapSendOptions): Promise<TrapSendReport> {
  const { target, source = 'ports' } = options;
  refuseUnreachable(target, source);
  const run = new TrapRun(load, options);
  try {
    await run.start();
    await run.send();
    return run.report();
  } finally {
    await run.stop();
  }
}

class TrapRun {
  readonly #load: TrapLoad;
  readonly #options: TrapSendOptions;
  readonly #errors = new ErrorTally();
  readonly #patience: InformPatience;
  readonly #outlets: UdpOutlet[];
  readonly #informs: WaitingInforms | undefined;
  readonly #byKind: number[];
  /** Devices are spread over the outlets; of each outlet, who speaks next. */
  readonly #nextDevice: number[];
  readonly #done = new AbortController();
  #sources: TrapSource[] = [];
  #turn = 0;
  #traps = 0;
  #seconds = 0;
  #skipped = 0;

  constructor(load: TrapLoad, options: TrapSendOptions) {
    const { target, source = 'ports', connections = load.devices } = options;
    this.#load = load;
    this.#options = options;
    this.#patience = { ...DEFAULT_PATIENCE, ...options.patience };
    this.#byKind = load.kinds.map(() => 0);
    const errors = this.#errors;
    this.#outlets = Array.from({ length: Math.min(connections, load.devices) }, (_, index) => {
      return new UdpOutlet({ target, source, index, errors, onAnswer: (bytes) => this.#answered(bytes) });
    });
    this.#nextDevice = this.#outlets.map((_, index) => index);
    if (load.pdu === 'inform') {
      this.#informs = new WaitingInforms(this.#patience, (outlet, bytes) => this.#sendBy(outlet, bytes));
    }
  }

  async start(): Promise<void> {
    await Promise.all(this.#outlets.map((outlet) => outlet.start()));
    const { discovering } = this.#load;
    if (discovering?.isDiscovered === false) await this.#discover(discovering);
  }

  async send(): Promise<void> {
    const { trapsPerSecond, durationMs, signal, onProgress } = this.#options;
    const pace = {
      perSecond: trapsPerSecond,
      durationMs,
      signal: signal === undefined ? this.#done.signal : AbortSignal.any([signal, this.#done.signal]),
      onProgress: (elapsedMs: number) => onProgress?.(elapsedMs, this.#traps),
    };
    const expiring = setInterval(() => this.#informs?.expire(Date.now()), EXPIRE_EVERY_MS);
    try {
      const { elapsedMs, skipped } = await paceEvenly(pace, () => this.#sendNext());
      this.#seconds = elapsedMs / 1000;
      this.#skipped = skipped;
      while ((this.#informs?.count ?? 0) > 0 && !this.#isInterrupted) await delay(1);
    } finally {
      clearInterval(expiring);
    }
    this.#informs?.giveUp();
    this.#sources = this.#outlets.map(({ local, counts }) => ({
      localAddress: local?.address ?? '',
      localPort: local?.port ?? 0,
      datagrams: counts.messages,
    }));
    await this.stop();
  }

  async stop(): Promise<void> {
    const soon = AbortSignal.timeout(1000);
    await Promise.all(this.#outlets.map((outlet) => outlet.finish(soon)));
  }

  /** RFC 3414 section 4: a message without anything, so that the receiver says who it is. */
  async #discover(envelope: UsmEnvelope): Promise<void> {
    const { target } = this.#options;
    const messageId = Date.now() % 0x7f_ff_ff_ff;
    const message = envelope.discovery(emptyRequest(messageId), messageId);
    for (let tries = 0; tries <= this.#patience.retries; tries += 1) {
      this.#sendBy(0, message);
      const until = Date.now() + this.#patience.timeoutMs;
      while (Date.now() < until && !this.#isInterrupted) {
        if (envelope.isDiscovered) return;
        await delay(1);
      }
    }
    if (this.#isInterrupted) return this.#done.abort();
    const errors = Object.keys(this.#errors.counts).join(', ');
    throw new DogwatchError(
      'NO_ANSWER',
      `${target.address}:${target.port} does not say which SNMP engine it is${errors === '' ? '' : ` (${errors})`}`,
      { remedy: 'Is it a receiver of SNMPv3 informs? Traps (without --inform) need no answer.' },
    );
  }

  /** Hands a notification to the next outlet that takes one. */
  #sendNext(): 1 | undefined {
    const { limit = Infinity } = this.#options;
    if (this.#traps >= limit) return this.#stop();
    if (this.#informs?.isFull === true) return undefined;
    const index = this.#nextReady();
    const outlet = index === undefined ? undefined : this.#outlets[index];
    if (index === undefined || outlet === undefined) return undefined;
    const device = this.#nextDevice[index] ?? index;
    const following = device + this.#outlets.length;
    this.#nextDevice[index] = following < this.#load.devices ? following : index;
    const nowMs = Date.now();
    const { kind, requestId, prepared, envelope } = this.#load.next(device, nowMs);
    this.#informs?.add(requestId, index, envelope, prepared, nowMs);
    outlet.send(envelope.seal(prepared, requestId, nowMs));
    this.#traps += 1;
    this.#byKind[kind] = (this.#byKind[kind] ?? 0) + 1;
    return 1;
  }

  #nextReady(): number | undefined {
    const count = this.#outlets.length;
    for (let tried = 0; tried < count; tried += 1) {
      const index = this.#turn;
      this.#turn = index + 1 === count ? 0 : index + 1;
      if (this.#outlets[index]?.ready === true) return index;
    }
    return undefined;
  }

  get #isInterrupted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #stop(): undefined {
    this.#done.abort();
    return undefined;
  }

  #sendBy(index: number, bytes: Buffer): boolean {
    const outlet = this.#outlets[index];
    if (outlet?.ready !== true) return false;
    outlet.send(bytes);
    return true;
  }

  #answered(bytes: Buffer): void {
    const envelope = this.#load.discovering ?? this.#load.envelope;
    if (this.#load.discovering?.isDiscovered === false) envelope.open(bytes, Date.now());
    else this.#informs?.answer(envelope, bytes, Date.now());
  }

  report(): TrapSendReport {
    const { version, pdu, kinds, firstSequence, nextSequence } = this.#load;
    const { trapsPerSecond, target } = this.#options;
    const counts = this.#outlets.map((outlet) => outlet.counts);
    const sum = (name: 'messages' | 'written' | 'payloadBytes') => counts.reduce((all, each) => all + each[name], 0);
    const informs = this.#informs?.counts;
    const traps = this.#traps;
    return {
      version: version === 2 ? '2c' : String(version),
      pdu,
      traps,
      notWritten: sum('messages') - sum('written'),
      payloadBytes: sum('payloadBytes'),
      wireBytes: wireBytes(sum('messages'), sum('payloadBytes'), target.family),
      acknowledged: informs?.acknowledged ?? null,
      refused: informs?.refused ?? null,
      unanswered: informs?.unanswered ?? null,
      resent: informs?.resent ?? null,
      reports: informs?.reports ?? null,
      seconds: this.#seconds,
      askedTrapsPerSecond: trapsPerSecond === Infinity ? null : trapsPerSecond,
      trapsPerSecond: traps / this.#seconds,
      skipped: this.#skipped,
      interrupted: this.#isInterrupted,
      firstSequence: traps === 0 ? null : firstSequence,
      lastSequence: traps === 0 ? null : nextSequence - 1,
      kinds: Object.fromEntries(
        kinds.map((name, index) => [name, this.#byKind[index] ?? 0] as const).filter(([, sent]) => sent !== 0),
      ),
      errors: this.#errors.counts,
      sources: this.#sources,
    };
  }
}

/** A GetRequest without varbinds. */
function emptyRequest(requestId: number): Buffer {
  const zero = encodeInteger(INTEGER, 0);
  return encodeElement(GET_REQUEST, encodeInteger(INTEGER, requestId), zero, zero, encodeElement(SEQUENCE));
}
