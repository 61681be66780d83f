import { Command } from 'ioredis';
import type { Writable } from 'node:stream';

/**
 * `SET key bytes NX EX seconds`, whose bytes go to the socket as they are: ioredis would put each command together in a new
 * buffer, which with megabytes of rows costs more than sending them. The bytes must not change until there is an answer.
 */
export class SetBatch extends Command {
  readonly #parts: readonly [head: string, bytes: Buffer, tail: string];

  constructor(key: string, bytes: Buffer, seconds: number) {
    const options = ['NX', 'EX', String(seconds)];
    super('set', [key, bytes, ...options], { replyEncoding: 'utf8' });
    const head = `*6\r\n${bulk('SET')}${bulk(key)}$${bytes.length}\r\n`;
    this.#parts = [head, bytes, `\r\n${options.map(bulk).join('')}`];
  }

  /** Writes all but the end, which ioredis writes next. */
  override toWritable(socket: Writable): string {
    const [head, bytes, tail] = this.#parts;
    socket.write(head);
    socket.write(bytes);
    return tail;
  }
}

/** A bulk string of RESP. */
function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
