import { chownSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Log } from '../runtime/log.ts';

/** What commands may ask of the collector that runs on this machine; each gets its arguments as they came, and gives plain data. */
export type ControlAnswerers = Readonly<Record<string, (body: unknown) => Promise<unknown>>>;

interface SocketOwner {
  readonly uid: number;
  readonly gid: number;
}

const MAX_QUESTION_BYTES = 1 << 20;
/** Linux: a path of a socket has 107 bytes at most (unix(7)). */
const MAX_PATH_BYTES = 107;

/** Where a collector with this state directory listens to commands. */
export function controlPath(stateDirectory: string): string {
  return join(stateDirectory, 'control.sock');
}

/**
 * A Unix socket by which commands reach the collector that runs: a line of JSON in, a line of JSON out. Whoever may write to the
 * socket's file may ask: the account of the collector, and root.
 */
export class ControlServer implements Component {
  readonly name = 'control socket';
  readonly #path: string;
  readonly #answerers: ControlAnswerers;
  readonly #account: SocketOwner | undefined;
  readonly #log: Log;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;

  /** @param account who may ask beside root; whoever started us where none is given */
  constructor(path: string, answerers: ControlAnswerers, account: SocketOwner | undefined, log: Log) {
    this.#path = path;
    this.#answerers = answerers;
    this.#account = account;
    this.#log = log;
  }

  /** Without a socket the collector goes on; what commands cannot do then is logged. */
  async start(): Promise<void> {
    try {
      if (Buffer.byteLength(this.#path) > MAX_PATH_BYTES) throw new Error(`longer than ${MAX_PATH_BYTES} bytes`);
      await this.#makeWay();
      const server = createServer((socket) => this.#serve(socket));
      const listening = once(server, 'listening');
      const umask = process.umask(0o177);
      server.listen(this.#path);
      process.umask(umask);
      await listening;
      if (this.#account !== undefined) chownSync(this.#path, this.#account.uid, this.#account.gid);
      server.on('error', (error) => this.#log.warn({ error: messageOf(error) }, 'control socket'));
      this.#server = server;
    } catch (error) {
      this.#log.warn({ path: this.#path, error: messageOf(error) }, 'commands cannot reach this collector');
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  /** A collector that was killed leaves its socket's file. */
  async #makeWay(): Promise<void> {
    const socket = connect(this.#path);
    try {
      await once(socket, 'connect');
    } catch {
      rmSync(this.#path, { force: true });
      return;
    } finally {
      socket.destroy();
    }
    throw new Error('another collector listens there');
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    socket.on('error', () => {});
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const end = text.indexOf('\n');
      if (text.length > MAX_QUESTION_BYTES) socket.destroy();
      else if (end >= 0) {
        const line = text.slice(0, end);
        text = '';
        socket.pause();
        void this.#answer(line).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
      }
    });
  }

  async #answer(line: string): Promise<ControlAnswer> {
    try {
      const { command, body } = questionOf(JSON.parse(line));
      const answerer = Object.hasOwn(this.#answerers, command) ? this.#answerers[command] : undefined;
      if (answerer === undefined) throw new DogwatchError('CONTROL_UNKNOWN', `this collector knows no "${command}"`);
      return { result: (await answerer(body)) ?? null };
    } catch (error) {
      const known = error instanceof DogwatchError ? error : undefined;
      if (known === undefined) this.#log.error({ error: messageOf(error) }, 'a command failed');
      const remedy = known?.remedy === undefined ? {} : { remedy: known.remedy };
      return { error: { code: known?.code ?? 'CONTROL_FAILED', message: messageOf(error), ...remedy } };
    }
  }
}

/** What comes back: one of the two. */
export interface ControlAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy?: string };
}

function questionOf(value: unknown): { command: string; body: unknown } {
  if (typeof value === 'object' && value !== null && 'command' in value && typeof value.command === 'string')
    return { command: value.command, body: 'body' in value ? value.body : undefined };
  throw new DogwatchError('CONTROL_UNKNOWN', 'expected {"command": …, "body": …}');
}
