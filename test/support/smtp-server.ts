import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './certificates.ts';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, dots unstuffed. */
  readonly text: string;
  readonly user: string | undefined;
  readonly isEncrypted: boolean;
}

interface SmtpServerOptions {
  /** Offers STARTTLS. */
  readonly certificate?: Certificate;
  /** With the certificate: TLS from the first byte on (RFC 8314), and no STARTTLS. */
  readonly isImplicit?: boolean;
  /** Takes mail of this user alone. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** A mail server on 127.0.0.1: as much of RFC 5321, 3207 and 4954 as a client needs, and it keeps what it gets. */
export class SmtpServer {
  readonly mails: ReceivedMail[] = [];
  /** What it answers to a mail's content instead of taking it. */
  refusal: string | undefined;
  readonly #options: SmtpServerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(options: SmtpServerOptions = {}) {
    this.#options = options;
  }

  get port(): number {
    const address: AddressInfo | string | null | undefined = this.#server?.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return address.port;
  }

  async start(port = 0): Promise<this> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) =>
      this.#server === undefined ? resolve() : this.#server.close(() => resolve()),
    );
    this.#server = undefined;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    const session = { from: '', to: new Array<string>(), user: undefined, isEncrypted: false };
    if (this.#options.isImplicit === true) {
      this.#encrypt(socket, session).write('220 mail.test ESMTP\r\n');
      return;
    }
    socket.write('220 mail.test ESMTP\r\n');
    this.#converse(socket, session);
  }

  #converse(
    socket: Socket,
    session: { from: string; to: string[]; user: string | undefined; isEncrypted: boolean },
  ): void {
    let buffer = '';
    let isData = false;
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    const onData = (part: Buffer): void => {
      buffer += part.toString('latin1');
      for (;;) {
        const end = isData ? '\r\n.\r\n' : '\r\n';
        const at = buffer.indexOf(end);
        if (at < 0) return;
        const text = buffer.slice(0, at);
        buffer = buffer.slice(at + end.length);
        if (isData) {
          isData = false;
          if (this.refusal !== undefined) say(this.refusal);
          else {
            this.mails.push({ ...session, to: [...session.to], text: text.replaceAll(/^\.\./gm, '.') });
            say('250 2.0.0 queued as 4711');
          }
          session.to = [];
        } else if (text === 'STARTTLS' && this.#options.certificate !== undefined) {
          socket.off('data', onData);
          say('220 go ahead');
          this.#encrypt(socket, session);
          return;
        } else if (text === 'DATA') {
          isData = true;
          say('354 end with a dot');
        } else say(this.#answer(text, session));
      }
    };
    socket.on('data', onData);
  }

  #encrypt(
    socket: Socket,
    session: { from: string; to: string[]; user: string | undefined; isEncrypted: boolean },
  ): TLSSocket {
    const { certificate } = this.#options;
    if (certificate === undefined) throw new Error('no certificate');
    const [cert, key] = [readFileSync(certificate.certificateFile), readFileSync(certificate.keyFile)];
    const encrypted = new TLSSocket(socket, { isServer: true, cert, key });
    encrypted.on('error', () => {});
    session.isEncrypted = true;
    this.#converse(encrypted, session);
    return encrypted;
  }

  #answer(
    text: string,
    session: { from: string; to: string[]; user: string | undefined; isEncrypted: boolean },
  ): string {
    const { certificate, login } = this.#options;
    const verb = text.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') {
      const offers = [
        ...(certificate !== undefined && !session.isEncrypted ? ['STARTTLS'] : []),
        ...(login === undefined ? [] : ['AUTH PLAIN']),
        '8BITMIME',
      ];
      return ['mail.test', ...offers]
        .map((each, i, all) => `250${i === all.length - 1 ? ' ' : '-'}${each}`)
        .join('\r\n');
    }
    if (verb === 'AUTH') {
      const [, user, password] = Buffer.from(text.split(' ')[2] ?? '', 'base64')
        .toString()
        .split('\0');
      if (user !== login?.user || password !== login?.password) return '535 5.7.8 authentication failed';
      session.user = user;
      return '235 2.7.0 welcome';
    }
    if (login !== undefined && session.user === undefined && verb === 'MAIL') return '530 5.7.0 log in first';
    if (verb === 'MAIL') session.from = /<(.*?)>/.exec(text)?.[1] ?? '';
    if (verb === 'RCPT') {
      const to = /<(.*?)>/.exec(text)?.[1] ?? '';
      if (to.startsWith('nobody@')) return '550 5.1.1 no such mailbox';
      session.to.push(to);
    }
    if (verb === 'STAR') return '502 5.5.1 not here';
    return verb === 'QUIT' ? '221 bye' : '250 ok';
  }
}
