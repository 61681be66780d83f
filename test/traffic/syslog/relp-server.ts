import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { CollectingServer } from './collecting-server.ts';

export interface RelpServerOptions {
  readonly tls?: TlsOptions;
  /** To the `open` command. Default `200 OK` and the offers. */
  readonly welcome?: string;
  /** Answers to messages by their number from 0; undefined: none. Default `200 OK`. */
  answer?(index: number, socket: Socket): string | undefined;
}

/** The server's side of RELP, as librelp's document describes it: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`. */
export class RelpServer {
  /** All that came, also what was not answered. */
  readonly messages: string[] = [];
  readonly commands: string[] = [];
  readonly collecting: CollectingServer;
  readonly #options: RelpServerOptions;
  readonly #read: number[] = [];

  private constructor(collecting: CollectingServer, options: RelpServerOptions) {
    this.collecting = collecting;
    this.#options = options;
  }

  static async open(options: RelpServerOptions = {}): Promise<RelpServer> {
    const server = new RelpServer(await CollectingServer.open(options.tls), options);
    void server.collecting.until(() => {
      server.#readAll();
      return false;
    });
    return server;
  }

  #readAll(): void {
    for (const [index, stream] of this.collecting.streams.entries()) {
      for (;;) {
        const from = this.#read[index] ?? 0;
        const match = /^(\d+) (\w+) (\d+)( ?)/.exec(stream.toString('latin1', from, from + 40));
        if (match === null) break;
        const start = from + match[0].length;
        const end = start + Number(match[3]);
        if (stream.length <= end) break;
        this.#read[index] = end + 1;
        this.#take(index, Number(match[1]), match[2] ?? '', stream.toString('utf8', start, end));
      }
    }
  }

  #take(index: number, transaction: number, command: string, data: string): void {
    const socket = this.collecting.sockets[index];
    if (socket === undefined) throw new Error('no socket');
    this.commands.push(command);
    const answer = (text: string) => socket.write(`${transaction} rsp ${text.length} ${text}\n`);
    if (command === 'open') answer(this.#options.welcome ?? '200 OK\nrelp_version=0\ncommands=syslog');
    else if (command === 'close') socket.write(`${transaction} rsp 0\n0 serverclose 0\n`);
    else {
      const number = this.messages.push(data) - 1;
      const text = this.#options.answer === undefined ? '200 OK' : this.#options.answer(number, socket);
      if (text !== undefined) answer(text);
    }
  }

  close(): void {
    this.collecting.close();
  }
}
