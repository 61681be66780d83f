import { createTransport } from 'nodemailer';
import { readFileSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { withTimeout } from '../runtime/lifecycle.ts';
import { answerLine, type Channel, type Notification } from './channel.ts';

/** `notify.email`, with its password read. */
export type EmailSettings = NonNullable<Config['notify']['email']>;

const PORTS = { starttls: 587, implicit: 465, none: 25 };

/** Mail by SMTP. The door to `nodemailer`. */
export class EmailChannel implements Channel {
  readonly name = 'email';
  readonly target: string;
  readonly #settings: EmailSettings;
  readonly #timeoutMs: number;
  readonly #ca: string | undefined;

  /** @throws of a `caFile` that cannot be read */
  constructor(settings: EmailSettings, timeoutMs: number) {
    this.#settings = settings;
    this.#timeoutMs = timeoutMs;
    // Now: later the process may not be root any more.
    this.#ca = settings.caFile === undefined ? undefined : readFileSync(settings.caFile, 'utf8');
    this.target = `${settings.to.join(', ')} by ${settings.host} port ${this.#port}`;
  }

  get #port(): number {
    return this.#settings.port ?? PORTS[this.#settings.tls];
  }

  /**
   * A mail that some of several recipients got counts as sent: again, it would reach these twice.
   * @throws DogwatchError `MAIL_REFUSED`
   */
  async send({ uid, subject, text }: Notification): Promise<string> {
    const { from, to } = this.#settings;
    const transport = this.#transport();
    const mail = {
      from: { name: 'Dogwatch', address: from },
      to,
      subject,
      text,
      // The same from whichever node, however often it is tried: mail programs know it again (RFC 5322 section 3.6.4).
      messageId: `<dogwatch.${uid}@${from.slice(from.lastIndexOf('@') + 1)}>`,
      // Nobody's absence is to answer it (RFC 3834 section 5).
      headers: { 'Auto-Submitted': 'auto-generated' },
    };
    try {
      const sent = await withTimeout(transport.sendMail(mail), 2 * this.#timeoutMs, 'the mail server');
      const refused = sent.rejected.map(String);
      const note = refused.length === 0 ? '' : ` (but it refused ${refused.join(', ')})`;
      return answerLine(sent.response) + note;
    } catch (error) {
      throw new DogwatchError('MAIL_REFUSED', answerLine(messageOf(error)), remedyOf(error));
    } finally {
      transport.close();
    }
  }

  #transport() {
    const { host, tls, user, password } = this.#settings;
    return createTransport({
      host,
      port: this.#port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      ...(this.#ca === undefined ? {} : { tls: { ca: this.#ca } }),
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      connectionTimeout: this.#timeoutMs,
      greetingTimeout: this.#timeoutMs,
      socketTimeout: this.#timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EAUTH: 'See notify.email.user and notify.email.passwordFile.',
  ETLS: 'See notify.email.tls, and notify.email.caFile where its certificate is of an authority of your own.',
  EENVELOPE: 'See notify.email.from and notify.email.to.',
  ECONNECTION: 'See notify.email.host and notify.email.port.',
  ESOCKET: 'See notify.email.host, notify.email.port and notify.email.tls.',
  EDNS: 'See notify.email.host.',
  ETIMEDOUT: 'See notify.email.host and notify.email.port, and whether a firewall is between.',
};

function remedyOf(error: unknown): { remedy?: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = REMEDIES[code];
  return remedy === undefined ? {} : { remedy };
}
