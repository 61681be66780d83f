import type { FilterSubject } from '../filter/filter-subject.ts';
import type { SyslogReceived, SyslogTransport } from '../received.ts';
import { textOf } from './message-of.ts';
import type { ParsedMessage } from './parsed-message.ts';

/** What rules see of the message at hand; each text is made when it is asked for. */
export class MessageSubject implements FilterSubject {
  device = '';
  transport: SyslogTransport = 'udp';
  receivedAtMicros = 0;
  readonly #message: ParsedMessage;

  constructor(message: ParsedMessage) {
    this.#message = message;
  }

  /** The subject, now of the message that was parsed last. */
  of(received: SyslogReceived): this {
    this.device = received.sourceAddress;
    this.transport = received.transport;
    this.receivedAtMicros = received.receivedAtMicros;
    return this;
  }

  get facility(): number {
    return this.#message.facility;
  }

  get severity(): number {
    return this.#message.severity;
  }

  hostname(): string | undefined {
    return textOf(this.#message, this.#message.hostStart, this.#message.hostEnd);
  }

  appName(): string | undefined {
    return textOf(this.#message, this.#message.appStart, this.#message.appEnd);
  }

  mnemonic(): string | undefined {
    return textOf(this.#message, this.#message.mnemonicStart, this.#message.mnemonicEnd);
  }

  vendor(): string | undefined {
    return textOf(this.#message, this.#message.vendorStart, this.#message.vendorEnd);
  }

  text(): string | undefined {
    return this.#message.utf8(this.#message.textStart, this.#message.end);
  }
}
