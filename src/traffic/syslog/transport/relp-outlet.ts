import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DogwatchError } from '../../../runtime/errors.ts';
import { emptyCounts, type Outlet } from './outlet.ts';
import { ReconnectingStream, type StreamOptions } from './reconnecting-stream.ts';
import { type RelpAnswer, RelpAnswers } from './relp-answers.ts';
import { localOf } from './stream-outlet.ts';

// As many as librelp leaves unanswered.
const WINDOW = 128;
const MAX_TRANSACTION = 999_999_999;
const OPEN_TIMEOUT_MS = 10_000;
const LOOK_AGAIN_MS = 5;
const OFFERS = 'relp_version=0\nrelp_software=dogwatch\ncommands=syslog';

/**
 * Messages over RELP. Each is kept until it is answered; what a broken connection left unanswered is sent again.
 *
 *   connected ──open──▶ opening ──200──▶ ready ──128 unanswered──▶ full ──answer──▶ ready
 *                          │ else
 *                          ▼
 *                        refused
 */
export class RelpOutlet implements Outlet {
  readonly #counts = emptyCounts();
  readonly #stream: ReconnectingStream;
  readonly #options: StreamOptions;
  /** By transaction, oldest first. */
  #unanswered = new Map<number, Buffer>();
  #frames: Buffer[] = [];
  #answers = new RelpAnswers();
  #transaction = 0;
  #openTransaction = 0;
  #isOpen = false;
  #refusal: string | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#stream = new ReconnectingStream(options, {
      opened: (socket) => this.#open(socket),
      closed: () => this.#close(),
    });
  }

  async start(): Promise<void> {
    await this.#stream.start();
    const limit = performance.now() + OPEN_TIMEOUT_MS;
    while (!this.#isOpen) {
      if (this.#refusal !== undefined || this.#stream.ended || performance.now() > limit) {
        await this.#stream.close(AbortSignal.abort());
        throw new DogwatchError(
          'CONNECT_FAILED',
          `the collector does not speak RELP: ${this.#refusal ?? 'it gave no answer'}`,
          { remedy: 'Send to the port of a RELP listener.' },
        );
      }
      await delay(LOOK_AGAIN_MS);
    }
  }

  get counts() {
    this.#counts.reconnects = this.#stream.reconnects;
    return this.#counts;
  }

  get ended(): boolean {
    return this.#stream.ended;
  }

  get local() {
    return localOf(this.#stream);
  }

  get ready(): boolean {
    return this.#isOpen && this.#unanswered.size < WINDOW;
  }

  send(bytes: Buffer): void {
    this.#counts.messages += 1;
    this.#counts.payloadBytes += bytes.length;
    this.#counts.written += 1;
    this.#submit(Buffer.from(bytes));
  }

  #submit(message: Buffer): void {
    const transaction = this.#command('syslog', message);
    this.#unanswered.set(transaction, message);
  }

  #command(command: string, data: Buffer): number {
    this.#transaction = this.#transaction >= MAX_TRANSACTION ? 1 : this.#transaction + 1;
    this.#frames.push(Buffer.from(`${this.#transaction} ${command} ${data.length}${data.length > 0 ? ' ' : ''}`));
    this.#frames.push(data, Buffer.from('\n'));
    return this.#transaction;
  }

  flush(): void {
    if (this.#frames.length === 0) return;
    this.#stream.socket?.write(Buffer.concat(this.#frames));
    this.#frames = [];
  }

  #open(socket: Socket): void {
    this.#answers = new RelpAnswers();
    this.#transaction = 0;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk, socket));
    this.#openTransaction = this.#command('open', Buffer.from(OFFERS));
    this.flush();
  }

  #close(): void {
    this.#isOpen = false;
    this.#frames = [];
  }

  #receive(chunk: Buffer, socket: Socket): void {
    try {
      for (const answer of this.#answers.push(chunk)) this.#take(answer, socket);
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error), socket);
    }
  }

  #take({ transaction, command, data }: RelpAnswer, socket: Socket): void {
    // The server's hint that it goes away (`0 serverclose 0`): the connection ends, and is made again.
    if (command !== 'rsp') return;
    const isFine = /^200\b/.test(data);
    if (transaction === this.#openTransaction && !this.#isOpen) {
      if (isFine) this.#resume();
      else this.#refuse(data.slice(0, 80), socket);
      return;
    }
    if (!this.#unanswered.delete(transaction)) return;
    if (isFine) this.#counts.acknowledged += 1;
    else this.#counts.refused += 1;
  }

  #resume(): void {
    this.#isOpen = true;
    const again = this.#unanswered;
    this.#unanswered = new Map();
    this.#counts.resent += again.size;
    for (const message of again.values()) this.#submit(message);
    this.flush();
  }

  #refuse(why: string, socket: Socket): void {
    this.#refusal = why;
    this.#options.errors.add(Object.assign(new Error(why), { code: 'RELP_REFUSED' }));
    socket.destroy();
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.flush();
    while (this.#unanswered.size > 0 && !this.ended && !signal.aborted) await delay(LOOK_AGAIN_MS);
    if (this.#isOpen) {
      this.#command('close', Buffer.alloc(0));
      this.flush();
    }
    await this.#stream.close(signal);
  }
}
