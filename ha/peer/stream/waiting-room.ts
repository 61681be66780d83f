import type { Socket } from 'node:net';

import type { Clock } from '../../../src/runtime/clock.ts';
import { RateLimit } from '../../../src/runtime/rate-limit.ts';

/** Connections that have not yet proved whose they are. */
const MAX_WAITING = 8;
const WAIT_MS = 3000;
/** Of others than the peer's address, begun in a second: a handshake costs about a millisecond. */
const STRANGERS_PER_SECOND = 20;

interface Waiting {
  readonly socket: Socket;
  readonly cancel: () => void;
}

/**
 * Keeps what is accepted and not authenticated small: few at a time, each for a short while. When it is full the oldest goes, of others
 * than the peer's address first, so that nobody keeps the peer out by holding every place.
 */
export class WaitingRoom {
  /** Sent away without being asked who they are. */
  turnedAway = 0;
  readonly #peerAddress: string;
  readonly #clock: Clock;
  readonly #strangers = new RateLimit(STRANGERS_PER_SECOND, 1000);
  readonly #waiting = new Map<string, Waiting>();

  constructor(peerAddress: string, clock: Clock) {
    this.#peerAddress = peerAddress;
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns whether the handshake may begin; else the connection is closed */
  admit(socket: Socket): boolean {
    socket.on('error', () => {});
    if (!this.#isPeer(socket) && !this.#strangers.take(this.#clock.monotonicMs()).passed) {
      this.turnedAway += 1;
      socket.destroy();
      return false;
    }
    if (this.#waiting.size >= MAX_WAITING) this.#sendOneAway();
    const key = keyOf(socket);
    const cancel = this.#clock.after(WAIT_MS, () => this.#sendAway(key));
    this.#waiting.set(key, { socket, cancel });
    // Of a closed socket the address is not known any more.
    socket.once('close', () => this.#forget(key));
    return true;
  }

  /** It has proved whose it is, or is gone. */
  release(socket: Socket): void {
    this.#forget(keyOf(socket));
  }

  clear(): void {
    for (const key of this.#waiting.keys()) this.#sendAway(key);
  }

  #forget(key: string): void {
    this.#waiting.get(key)?.cancel();
    this.#waiting.delete(key);
  }

  #sendOneAway(): void {
    const all = [...this.#waiting];
    const [key] = all.find(([, { socket }]) => !this.#isPeer(socket)) ?? all[0] ?? [];
    if (key !== undefined) this.#sendAway(key);
  }

  #sendAway(key: string): void {
    const waiting = this.#waiting.get(key);
    this.#forget(key);
    this.turnedAway += 1;
    waiting?.socket.destroy();
  }

  #isPeer(socket: Socket): boolean {
    return socket.remoteAddress === this.#peerAddress;
  }
}

/** The same for a connection and the TLS that is spoken over it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
