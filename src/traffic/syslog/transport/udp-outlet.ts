import type { Socket } from 'node:dgram';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ErrorTally, openSource, type SourceKind, type UdpTarget } from '../../udp-target.ts';
import { emptyCounts, type Outlet } from './outlet.ts';

export interface UdpOutletOptions {
  readonly target: UdpTarget;
  readonly source: SourceKind;
  readonly index: number;
  readonly errors: ErrorTally;
  /** Told of each datagram that the target sends back. */
  readonly onAnswer?: (bytes: Buffer) => void;
}

// A callback costs a third of a sending. As long as nothing fails, one in so many is asked how it went.
const ASK_EVERY = 32;

/**
 * A message a datagram (RFC 5426). Errors are looked for in the first and then in some datagrams; once there was one,
 * in all.
 */
export class UdpOutlet implements Outlet {
  readonly counts = emptyCounts();
  readonly ended = false;
  readonly #options: UdpOutletOptions;
  #socket: Socket | undefined;
  #asked = 0;
  #answered = 0;
  #sinceAsked = ASK_EVERY;
  #failing = false;

  constructor(options: UdpOutletOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { target, source, index, errors, onAnswer } = this.#options;
    this.#socket = await openSource(target, source, index, (error) => errors.add(error));
    if (onAnswer !== undefined) this.#socket.on('message', onAnswer);
  }

  get local() {
    return this.#socket?.address();
  }

  /** With a full send buffer Node queues; then one message waits there, and no more are taken: their memory is used again. */
  get ready(): boolean {
    return this.#socket?.getSendQueueCount() === 0;
  }

  send(bytes: Buffer): void {
    this.counts.messages += 1;
    this.counts.payloadBytes += bytes.length;
    this.counts.written += 1;
    this.#sinceAsked += 1;
    if (this.#sinceAsked < ASK_EVERY && !this.#failing) {
      this.#socket?.send(bytes);
      return;
    }
    this.#sinceAsked = 0;
    this.#asked += 1;
    this.#socket?.send(bytes, this.#sent);
  }

  readonly #sent = (error: Error | null): void => {
    this.#answered += 1;
    if (error === null) return;
    this.#failing = true;
    this.counts.written -= 1;
    this.#options.errors.add(error);
  };

  flush(): void {}

  async finish(signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    while ((this.#answered < this.#asked || !this.ready) && !signal.aborted) await nextTurn();
    this.#socket = undefined;
    socket.close();
  }
}
