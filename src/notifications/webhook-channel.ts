import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Config } from '../config/schema.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import { answerLine, type Channel, type Notification } from './channel.ts';

/** One of `notify.webhooks`, with what is in files read. */
export type WebhookSettings = Config['notify']['webhooks'][number];

const MAX_ANSWER_BYTES = 1024;

/** A JSON object by HTTP POST (RFC 9110). Redirects are not followed: they would tell it to somebody else. */
export class WebhookChannel implements Channel {
  readonly name: string;
  readonly target: string;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #ca: string | undefined;
  readonly #timeoutMs: number;

  /** @throws of a `caFile` that cannot be read */
  constructor(settings: WebhookSettings, name: string, timeoutMs: number) {
    this.name = name;
    this.#url = new URL(settings.url ?? '');
    this.#headers = settings.headers;
    this.#ca = settings.caFile === undefined ? undefined : readFileSync(settings.caFile, 'utf8');
    this.#timeoutMs = timeoutMs;
    this.target = this.#url.origin;
  }

  /** @throws DogwatchError `WEBHOOK_REFUSED`: no answer in time, or one that is not 2xx */
  async send({ uid, body }: Notification): Promise<string> {
    const content = Buffer.from(JSON.stringify(body));
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const { status, text } = await this.#post(content, uid, signal);
      const line = answerLine(`HTTP ${status} ${text}`);
      if (status < 200 || status > 299) throw new Error(line);
      return line;
    } catch (error) {
      const why = signal.aborted ? `no answer within ${this.#timeoutMs} ms` : messageOf(error);
      throw new DogwatchError('WEBHOOK_REFUSED', answerLine(why));
    }
  }

  #post(content: Buffer, uid: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const headers = {
      'User-Agent': 'dogwatch',
      // Who has this one already may know it again.
      'Idempotency-Key': uid,
      ...this.#headers,
      'Content-Type': 'application/json',
      'Content-Length': content.length,
    };
    const options = { method: 'POST', headers, signal, agent: false as const };
    return new Promise((resolve, reject) => {
      const answered = (response: IncomingMessage): void => {
        readSome(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
      };
      const request =
        this.#url.protocol === 'https:'
          ? requestHttps(this.#url, { ...options, ...(this.#ca === undefined ? {} : { ca: this.#ca }) }, answered)
          : requestHttp(this.#url, options, answered);
      request.on('error', reject);
      request.end(content);
    });
  }
}

/** What a person may want to see of the answer; the rest is not waited for. */
async function readSome(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    parts.push(Buffer.from(part));
    bytes += part.length;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  response.destroy();
  return Buffer.concat(parts).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}
