import { setTimeout as delay } from 'node:timers/promises';
import { emptyCounts, type Outlet } from './outlet.ts';
import { ReconnectingStream, type StreamOptions } from './reconnecting-stream.ts';

/** RFC 6587: octet counting (section 3.4.1), or a line feed behind each message (section 3.4.2). */
export const FRAMINGS = ['octet', 'lf'] as const;
export type SyslogFraming = (typeof FRAMINGS)[number];

const CHUNK_BYTES = 16 << 10;
// What may wait in Node for the kernel; a collector that reads slowly is felt soon.
const MAX_WAITING_BYTES = 256 << 10;
const LOOK_AGAIN_MS = 5;

/** Messages over TCP (RFC 6587) or TLS (RFC 5425). What a broken connection did not take is not sent again. */
export class StreamOutlet implements Outlet {
  readonly #counts = emptyCounts();
  readonly #stream: ReconnectingStream;
  readonly #framing: SyslogFraming;
  #chunk: Buffer = Buffer.alloc(0);
  #filled = 0;
  #messagesInChunk = 0;

  constructor(options: StreamOptions, framing: SyslogFraming) {
    this.#framing = framing;
    this.#stream = new ReconnectingStream(options, { opened: () => {}, closed: () => this.#drop() });
  }

  start(): Promise<void> {
    return this.#stream.start();
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
    const { socket } = this.#stream;
    return socket !== undefined && socket.writableLength < MAX_WAITING_BYTES;
  }

  send(bytes: Buffer): void {
    this.#counts.messages += 1;
    this.#counts.payloadBytes += bytes.length;
    const count = this.#framing === 'octet' ? `${bytes.length} ` : '';
    this.#reserve(bytes.length + count.length + 1);
    this.#filled += this.#chunk.write(count, this.#filled, 'latin1');
    this.#filled += bytes.copy(this.#chunk, this.#filled);
    if (this.#framing === 'lf') this.#filled = this.#chunk.writeUInt8(0x0a, this.#filled);
    this.#messagesInChunk += 1;
  }

  #reserve(size: number): void {
    if (this.#filled + size <= this.#chunk.length) return;
    this.flush();
    if (size > this.#chunk.length) this.#chunk = Buffer.allocUnsafe(Math.max(size, CHUNK_BYTES));
  }

  flush(): void {
    if (this.#filled === 0) return;
    const messages = this.#messagesInChunk;
    this.#stream.socket?.write(this.#chunk.subarray(0, this.#filled), (error) => {
      if (error === null || error === undefined) this.#counts.written += messages;
    });
    // The socket keeps what was written; the rest of the memory is still ours.
    this.#chunk = this.#chunk.subarray(this.#filled);
    this.#drop();
  }

  #drop(): void {
    this.#filled = 0;
    this.#messagesInChunk = 0;
  }

  async finish(signal: AbortSignal): Promise<void> {
    this.flush();
    while ((this.#stream.socket?.writableLength ?? 0) > 0 && !signal.aborted) await delay(LOOK_AGAIN_MS);
    await this.#stream.close(signal);
  }
}

/** The local end of a connection, for reports. */
export function localOf({ socket }: ReconnectingStream): { address: string; port: number } | undefined {
  const { localAddress, localPort } = socket ?? {};
  return localAddress === undefined || localPort === undefined ? undefined : { address: localAddress, port: localPort };
}
