import type { TLSSocket } from 'node:tls';

import type { Clock } from '../../../src/runtime/clock.ts';
import { DogwatchError, messageOf } from '../../../src/runtime/errors.ts';
import {
  FrameReader,
  frameHeader,
  HELLO_FRAME,
  MAX_FRAME_BYTES,
  MESSAGE_FRAME,
  PING_FRAME,
  REFUSAL_FRAME,
} from './frames.ts';
import { readHello, type StreamHello, writeHello } from './stream-hello.ts';

const PING_MS = 500;
/** A peer that says nothing for so long is gone; with `PING_MS`, a silent network is noticed within 3 s. */
const SILENT_MS = 2200;
const MAX_HELLO_BYTES = 1024;

/**
 * A connection between the nodes, authenticated by TLS.
 *
 *   greeting ──hello of the peer, judged by the stream──▶ open ──end, error, silence, frame over the bound──▶ closed
 *       └── refused, or no hello in time ─────────────────────────────────────────────────────────────────────┘
 */
export class PeerConnection {
  /** Name of the node that opened it. */
  readonly dialer: string;
  /** Of the peer; undefined while greeting. */
  peer: StreamHello | undefined;
  /** Called with each message, in order; the buffer is the receiver's. */
  onMessage: ((payload: Buffer) => void) | undefined;
  /** Called when what waited is on its way, after `send` returned false. */
  onRoom: (() => void) | undefined;
  /** Called by the first hello; who sets it judges, and calls `open` or `refuse`. */
  onHello: ((hello: StreamHello) => void) | undefined;
  readonly #socket: TLSSocket;
  readonly #clock: Clock;
  readonly #reader = new FrameReader(MAX_HELLO_BYTES);
  #heardAtMs: number;
  #cancelPing: (() => void) | undefined;
  #isClosed = false;
  readonly #whenClosed: ((reason: string) => void)[] = [];

  /** @param socket after its handshake */
  constructor(socket: TLSSocket, dialer: string, clock: Clock) {
    this.#socket = socket;
    this.dialer = dialer;
    this.#clock = clock;
    this.#heardAtMs = clock.monotonicMs();
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.onRoom?.());
    socket.on('error', (error) => this.close(messageOf(error)));
    socket.on('close', () => this.close('the peer closed the connection'));
  }

  get isOpen(): boolean {
    return this.peer !== undefined && !this.#isClosed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Calls `tell` once, with why, when it is closed. */
  whenClosed(tell: (reason: string) => void): void {
    this.#whenClosed.push(tell);
  }

  greet(hello: StreamHello): void {
    this.#write(HELLO_FRAME, writeHello(hello));
  }

  /** From here on messages flow, both ways. */
  open(peer: StreamHello): void {
    this.peer = peer;
    this.#reader.maxBytes = MAX_FRAME_BYTES;
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#ping();
  }

  /**
   * @param sent called once, when the kernel has taken it or will not
   * @returns false when more waits than is good: go on at `onRoom`
   */
  send(payload: Uint8Array, sent?: (error: Error | null) => void): boolean {
    if (this.isOpen && payload.length <= MAX_FRAME_BYTES) return this.#write(MESSAGE_FRAME, payload, sent);
    const error = this.isOpen
      ? new DogwatchError('FRAME_TOO_LARGE', `a message of ${payload.length} bytes, allowed are ${MAX_FRAME_BYTES}`)
      : new DogwatchError('PEER_UNREACHABLE', 'the connection to the peer is closed');
    process.nextTick(() => sent?.(error));
    return false;
  }

  /** Says why, and closes. */
  refuse(reason: string): void {
    if (this.#isClosed) return;
    this.#write(REFUSAL_FRAME, Buffer.from(reason));
    this.#socket.end();
    this.close(reason);
  }

  /** Never throws; once closed, does nothing. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelPing?.();
    // What was written before the end is let out first, for no longer than a moment.
    if (this.#socket.writableEnded) this.#clock.after(PING_MS, () => this.#socket.destroy());
    else this.#socket.destroy();
    for (const tell of this.#whenClosed.splice(0)) tell(reason);
  }

  #write(type: number, payload: Uint8Array, sent?: (error: Error | null) => void): boolean {
    this.#socket.cork();
    this.#socket.write(frameHeader(type, payload.length));
    const hasRoom = this.#socket.write(payload, (error) => sent?.(error ?? null));
    this.#socket.uncork();
    return hasRoom;
  }

  #read(chunk: Buffer): void {
    this.#heardAtMs = this.#clock.monotonicMs();
    try {
      this.#reader.add(chunk, (type, payload) => this.#take(type, payload));
    } catch (error) {
      if (!(error instanceof DogwatchError)) throw error;
      this.close(messageOf(error));
    }
  }

  #take(type: number, payload: Buffer): void {
    if (this.#isClosed) return;
    if (type === REFUSAL_FRAME) this.close(`the peer refuses: ${payload.toString('utf8').slice(0, 200)}`);
    else if (this.peer === undefined) this.#takeHello(type, payload);
    else if (type === MESSAGE_FRAME) this.onMessage?.(payload);
  }

  #takeHello(type: number, payload: Buffer): void {
    const hello = type === HELLO_FRAME ? readHello(payload) : undefined;
    if (hello === undefined) this.refuse('a hello was expected first');
    else this.onHello?.(hello);
  }

  #ping(): void {
    if (this.#isClosed) return;
    this.#cancelPing = this.#clock.after(PING_MS, () => this.#ping());
    this.#write(PING_FRAME, Buffer.alloc(0));
    if (!this.#isSilent()) return;
    // After a pause of this process timers come before what the kernel has for us: look again when that is read.
    setImmediate(() => {
      if (this.#isSilent()) this.close('the peer is silent');
    });
  }

  #isSilent(): boolean {
    return this.#clock.monotonicMs() - this.#heardAtMs > SILENT_MS;
  }
}
