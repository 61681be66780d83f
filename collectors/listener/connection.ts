import type { Socket } from 'node:net';

import type { Clock } from '../../src/runtime/clock.ts';
import type { StreamSession } from '../syslog/stream-session.ts';
import type { ConnectionTurns, Reader } from './connection-turns.ts';

/** What a connection tells the listener. */
export interface ConnectionEvents {
  /** Bytes were read, before any message of them is given out. */
  heard(bytes: number): void;
  /** Nothing of it is left: the socket is closed and what was read is given out. */
  finished(): void;
}

/** How much one connection reads before others get their turn. */
const SHARE_BYTES = 32 * 1024;
/** Answers that the sender does not read: no more is read from it until they are gone. */
const MAX_UNSENT_BYTES = 64 * 1024;

/**
 * One connection: reads its socket, at the pace that fairness, the queue and the session allow.
 *
 *   reading ──share used, no room──▶ waiting for a turn ──▶ reading
 *      │ ╰──window full, answers unread──▶ waiting for answers to be sent ──▶ (turn) ──▶ reading
 *      ▼
 *   input ended (the sender's end, silence, stop) ──what is owed is sent──▶ closing ──▶ finished
 *
 * While it waits, one chunk at most is held here, and one in the socket.
 */
export class Connection implements Reader {
  readonly sourceAddress: string;
  /** When the chunk at hand arrived. */
  arrivedAtMicros = 0;
  readonly #socket: Socket;
  readonly #session: StreamSession;
  readonly #clock: Clock;
  readonly #turns: ConnectionTurns;
  readonly #events: ConnectionEvents;
  #held: Buffer | undefined;
  #taken = 0;
  #isWaiting = false;
  #inputEnded = false;
  #socketClosed = false;
  #sessionEnded = false;
  /** Reading is over, and the farewell is still to be said. */
  #isLeaving = false;
  #isClosing = false;
  #isFinished = false;
  #heardAtMs: number;
  /** Since when the message that is not complete has been coming. */
  #partSinceMs = 0;

  /** `session` is made for this connection: what it gives out is called back while it is pushed to. */
  constructor(
    socket: Socket,
    sourceAddress: string,
    makeSession: (connection: Connection) => StreamSession,
    clock: Clock,
    turns: ConnectionTurns,
    events: ConnectionEvents,
  ) {
    this.#socket = socket;
    this.sourceAddress = sourceAddress;
    this.#clock = clock;
    this.#turns = turns;
    this.#events = events;
    this.#heardAtMs = clock.monotonicMs();
    this.#session = makeSession(this);
  }

  /** Begins to read. */
  open(): void {
    const socket = this.#socket;
    // A reset is no news: `close` follows, and what was read until then stands.
    socket.on('error', () => {});
    socket.on('end', () => this.#endInput());
    socket.on('close', () => {
      this.#socketClosed = true;
      this.#endInput();
      this.#finish();
    });
    socket.on('drain', () => this.goOn());
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
  }

  /** Sends an answer. */
  send(bytes: string): void {
    if (this.#socket.writable) this.#socket.write(bytes, 'latin1');
  }

  /** Reads on after answers were sent, or closes when the last one is. */
  goOn(): void {
    if (this.#isLeaving) return;
    if (this.#inputEnded && this.#session.isSettled && this.#held === undefined) this.close();
    else if (this.#isWaiting && this.#mayRead()) this.#turns.wait(this);
  }

  /** What was sent goes out, then the socket is closed. */
  close(): void {
    this.#inputEnded = true;
    this.#isClosing = true;
    this.#socket.pause();
    this.#socket.destroySoon();
  }

  takeTurn(): void {
    this.#isWaiting = false;
    this.#taken = 0;
    // Time spent waiting was not the sender's silence.
    this.#heardAtMs = this.#partSinceMs = this.#clock.monotonicMs();
    if (this.#held !== undefined) {
      const chunk = this.#held;
      this.#held = undefined;
      this.#push(chunk);
    }
    if (this.#inputEnded) this.#endSession();
    else if (!this.#isWaiting) this.#socket.resume();
  }

  /**
   * Whether the sender has been silent since before `sinceMs`, has not read its answers, or has not completed a message that
   * it began before then. Never while it is us who do not read or answer.
   */
  isIdleSince(sinceMs: number): boolean {
    const isOurs = this.#isWaiting || !this.#session.isSettled;
    if (isOurs && this.#socket.writableLength === 0) return false;
    return this.#heardAtMs < sinceMs || (this.#session.holdsPart && this.#partSinceMs < sinceMs);
  }

  /** Gives out what is held of a message, and closes; at once where a close has come to nothing before. */
  endForSilence(): void {
    if (this.#isClosing) this.#socket.destroy();
    this.#endInput();
    this.close();
  }

  /** Tells the sender that nothing more is wanted; what is on its way is still read. */
  announceEnd(): void {
    this.#socket.end();
  }

  /** Reads no more. What a sender will send again (RELP) need not be read. */
  endReading(): void {
    this.#isLeaving = true;
    this.#stopReading();
    this.#turns.leave(this);
    this.#held = undefined;
    this.#sessionEnded = true;
    this.#session.end();
  }

  /** Whether the sender is owed no answer. */
  get isSettled(): boolean {
    return this.#session.isSettled;
  }

  /** Says farewell and closes, whatever is still owed. */
  sayFarewell(): void {
    if (this.#session.farewell !== undefined) this.send(this.#session.farewell);
    this.close();
  }

  /** At the end of the time to stop: gives out all that was read, room or not, and closes. */
  destroy(): void {
    if (this.#held !== undefined) this.#session.push(this.#held);
    this.#held = undefined;
    // `read` would give each chunk to `#hear` as well.
    this.#socket.removeAllListeners('data');
    while (!this.#sessionEnded) {
      const chunk: unknown = this.#socket.read();
      if (!Buffer.isBuffer(chunk)) break;
      this.#events.heard(chunk.length);
      this.#session.push(chunk);
    }
    this.#endInput();
    this.#socket.destroy();
  }

  #hear(chunk: Buffer): void {
    this.#heardAtMs = this.#clock.monotonicMs();
    this.arrivedAtMicros = this.#clock.nowMicros();
    this.#events.heard(chunk.length);
    if (this.#turns.hasRoom()) return this.#push(chunk);
    this.#held = chunk;
    this.#stopReading();
    this.#turns.wait(this);
  }

  #push(chunk: Buffer): void {
    const heldPart = this.#session.holdsPart;
    const completed = this.#session.push(chunk);
    if (!heldPart || completed > 0) this.#partSinceMs = this.#heardAtMs;
    this.#taken += chunk.length;
    const mayRead = this.#mayRead();
    if (mayRead && this.#taken < SHARE_BYTES && this.#turns.hasRoom()) return;
    this.#stopReading();
    if (mayRead) this.#turns.wait(this);
  }

  #stopReading(): void {
    this.#isWaiting = true;
    this.#socket.pause();
  }

  #mayRead(): boolean {
    return this.#session.mayRead && this.#socket.writableLength <= MAX_UNSENT_BYTES;
  }

  #endInput(): void {
    this.#inputEnded = true;
    if (this.#held === undefined) this.#endSession();
  }

  #endSession(): void {
    if (!this.#sessionEnded) {
      this.#sessionEnded = true;
      this.#session.end();
    }
    if (this.#session.isSettled) this.close();
    this.#finish();
  }

  #finish(): void {
    if (this.#isFinished || !this.#socketClosed || this.#held !== undefined) return;
    this.#isFinished = true;
    this.#turns.leave(this);
    this.#events.finished();
  }
}
