import { deserialize, serialize } from 'node:v8';

import { DogwatchError, messageOf } from '../runtime/errors.ts';

/**
 * What one side of a channel says: messages by type, with their bodies, and requests, with theirs and their answers. Bodies
 * are what `v8.serialize` takes: plain data, Map, Set, Date, bigint, Buffer; no functions, no class instances.
 */
export interface Vocabulary {
  readonly messages: object;
  readonly requests: object;
}

type Messages<V extends Vocabulary> = V['messages'];
type Requests<V extends Vocabulary> = V['requests'];
type TypeOf<T> = Extract<keyof T, string>;
type BodyOf<T> = T extends { readonly body: infer B } ? B : never;
type AnswerOf<T> = T extends { readonly answer: infer A } ? A : never;

/** An open socket of another process; opaque here. */
export type SocketHandle = object;

/** The end of `fork`'s IPC that this process has: a `ChildProcess`, or `process` itself. */
export interface Ipc {
  readonly connected: boolean;
  send?(
    message: unknown,
    handle: unknown,
    options: { readonly keepOpen: boolean },
    sent: (error: Error | null) => void,
  ): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

const MESSAGE = 0;
const REQUEST = 1;
const ANSWER = 2;
const REFUSAL = 3;
/** What goes over the wire; the body is packed here, so that the bytes that wait can be counted. */
type Envelope = readonly [kind: number, type: string, id: number, body: Uint8Array];

// Written as methods, whose parameters the compiler compares both ways: what comes is what the vocabulary says.
interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

interface Listener {
  hear(body: unknown, handle: SocketHandle | undefined): void;
}

interface Answerer {
  answer(body: unknown): unknown;
}

/** More than this unread by the other side, and it is taken for hung. */
const MAX_UNSENT_BYTES = 64 << 20;

/**
 * Typed messages between a process and its child, in order. `Hears` and `Says` are what the other side and this side say.
 *
 *   open ──disconnect──▶ closed (what waits for an answer is rejected, sending does nothing)
 *    │ ▲
 *    │ └── all sent (onRoom)
 *    └──more than `maxUnsentBytes` unread──▶ full (messages are refused; onFull)
 *
 * A closed channel never throws.
 */
export class Channel<Hears extends Vocabulary, Says extends Vocabulary> {
  /** Bytes that the kernel has not taken yet, for want of a reader at the other side. */
  unsentBytes = 0;
  /** Messages that were refused because the channel was full. */
  refused = 0;
  /** Called when the channel becomes full: the other side does not read. */
  onFull: (() => void) | undefined;
  /** Called when all is sent again, after messages were refused: what they would have said can be said anew. */
  onRoom: (() => void) | undefined;
  /** Called once, when the other side is gone. */
  onClose: (() => void) | undefined;
  /** Called with each message, before it is handed on: a sign of life. */
  onHeard: (() => void) | undefined;
  readonly #ipc: Ipc;
  readonly #maxUnsentBytes: number;
  readonly #listeners = new Map<string, Listener>();
  readonly #answerers = new Map<string, Answerer>();
  /** What is told false when the channel closes: Node does not call back for all that it still had. */
  readonly #delivering = new Set<(isSent: boolean) => void>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isFull = false;
  #isClosed = false;

  constructor(ipc: Ipc, maxUnsentBytes = MAX_UNSENT_BYTES) {
    this.#ipc = ipc;
    this.#maxUnsentBytes = maxUnsentBytes;
    this.#isClosed = !ipc.connected;
    ipc.on('message', (message, handle) => this.#hear(message, handle));
    ipc.on('disconnect', () => this.#close());
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#ipc.connected;
  }

  /** Calls `listener` with each message of `type`; the last one given stays. A message that nobody listens to is passed over. */
  on<T extends TypeOf<Messages<Hears>>>(
    type: T,
    listener: (body: Messages<Hears>[T], handle: SocketHandle | undefined) => void,
  ): void {
    this.#listeners.set(type, { hear: listener });
  }

  /** Answers requests of `type` with what `answerer` gives; what it throws is told to the asker. */
  answer<T extends TypeOf<Requests<Hears>>>(
    type: T,
    answerer: (
      body: BodyOf<Requests<Hears>[T]>,
    ) => AnswerOf<Requests<Hears>[T]> | Promise<AnswerOf<Requests<Hears>[T]>>,
  ): void {
    this.#answerers.set(type, { answer: answerer });
  }

  /**
   * Sends a message and forgets it; `handle` stays open here.
   * @returns false when the channel is closed or full: the message is lost
   */
  send<T extends TypeOf<Messages<Says>>>(type: T, body: Messages<Says>[T], handle?: SocketHandle): boolean {
    return this.#post([MESSAGE, type, 0, serialize(body)], handle);
  }

  /**
   * Sends a message at the pace of the other side.
   * @returns resolves when the kernel has taken it, to true; to false when the channel is closed or full: it is lost
   */
  deliver<T extends TypeOf<Messages<Says>>>(type: T, body: Messages<Says>[T]): Promise<boolean> {
    return new Promise((resolve) => {
      this.#delivering.add(resolve);
      const settle = (isSent: boolean): void => {
        this.#delivering.delete(resolve);
        resolve(isSent);
      };
      if (!this.#post([MESSAGE, type, 0, serialize(body)], undefined, settle)) settle(false);
    });
  }

  /**
   * Asks the other side.
   * @throws DogwatchError `TIMED_OUT`, `CHANNEL_CLOSED` (closed or full), or `REQUEST_FAILED` with what the other side says
   */
  request<T extends TypeOf<Requests<Says>>>(
    type: T,
    body: BodyOf<Requests<Says>[T]>,
    timeoutMs: number,
  ): Promise<AnswerOf<Requests<Says>[T]>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<AnswerOf<Requests<Says>[T]>>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new DogwatchError('TIMED_OUT', `no answer to ${type} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
    });
    if (!this.#post([REQUEST, type, id, serialize(body)])) this.#reject(id, closedError(type));
    return answered;
  }

  #post(envelope: Envelope, handle?: SocketHandle, settle?: (isSent: boolean) => void): boolean {
    if (!this.isOpen) return false;
    if (this.#isFull) {
      this.refused += 1;
      return false;
    }
    const size = envelope[3].length;
    this.unsentBytes += size;
    // With a callback, trouble (a closed pipe) comes there and is no `error` event; `#close` follows.
    this.#ipc.send?.(envelope, handle, { keepOpen: true }, (error) => {
      this.#sent(size);
      settle?.(error === null);
    });
    if (this.unsentBytes > this.#maxUnsentBytes) {
      this.#isFull = true;
      this.onFull?.();
    }
    return true;
  }

  #sent(bytes: number): void {
    this.unsentBytes -= bytes;
    if (!this.#isFull || this.unsentBytes > 0) return;
    this.#isFull = false;
    if (this.isOpen) this.onRoom?.();
  }

  #hear(message: unknown, handle: unknown): void {
    if (!isEnvelope(message)) return;
    const [kind, type, id, packed] = message;
    this.onHeard?.();
    const body: unknown = deserialize(packed);
    if (kind === MESSAGE) this.#listeners.get(type)?.hear(body, isHandle(handle) ? handle : undefined);
    else if (kind === REQUEST) void this.#reply(type, id, body);
    else if (kind === ANSWER) this.#settle(id)?.resolve(body);
    else this.#reject(id, new DogwatchError('REQUEST_FAILED', `${type}: ${String(body)}`));
  }

  async #reply(type: string, id: number, body: unknown): Promise<void> {
    try {
      const answerer = this.#answerers.get(type);
      if (answerer === undefined) throw new Error('nobody answers this here');
      this.#post([ANSWER, type, id, serialize(await answerer.answer(body))]);
    } catch (error) {
      this.#post([REFUSAL, type, id, serialize(messageOf(error))]);
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #reject(id: number, error: Error): void {
    this.#settle(id)?.reject(error);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const id of this.#waiting.keys()) this.#reject(id, closedError('request'));
    for (const resolve of this.#delivering) resolve(false);
    this.#delivering.clear();
    this.onClose?.();
  }
}

function closedError(type: string): DogwatchError {
  return new DogwatchError('CHANNEL_CLOSED', `${type}: the other process is gone, or does not read`);
}

function isHandle(handle: unknown): handle is SocketHandle {
  return typeof handle === 'object' && handle !== null;
}

function isEnvelope(message: unknown): message is Envelope {
  return Array.isArray(message) && message.length === 4 && message[3] instanceof Uint8Array;
}
