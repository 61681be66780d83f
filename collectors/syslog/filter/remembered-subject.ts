import type { SyslogTransport } from '../received.ts';
import type { FilterSubject } from './filter-subject.ts';

/** Rules look at so many characters of a text: what a flood of the longest messages can cost stays bounded. */
const TEXT_LOOKED_AT = 8192;

/** Stands for a text that nobody has asked for yet. */
const UNASKED = Symbol('unasked');
type Remembered = string | undefined | typeof UNASKED;

const NOTHING: FilterSubject = {
  device: '',
  transport: 'udp',
  receivedAtMicros: 0,
  facility: -1,
  severity: -1,
  hostname: () => undefined,
  appName: () => undefined,
  mnemonic: () => undefined,
  vendor: () => undefined,
  text: () => undefined,
};

/** A subject whose texts are made once, however many rules ask for them. Used again for each message. */
export class RememberedSubject implements FilterSubject {
  device = '';
  transport: SyslogTransport = 'udp';
  receivedAtMicros = 0;
  facility = -1;
  severity = -1;
  #subject = NOTHING;
  #hostname: Remembered = UNASKED;
  #appName: Remembered = UNASKED;
  #mnemonic: Remembered = UNASKED;
  #vendor: Remembered = UNASKED;
  #text: Remembered = UNASKED;

  of(subject: FilterSubject): this {
    this.device = subject.device;
    this.transport = subject.transport;
    this.receivedAtMicros = subject.receivedAtMicros;
    this.facility = subject.facility;
    this.severity = subject.severity;
    this.#subject = subject;
    this.#hostname = this.#appName = this.#mnemonic = this.#vendor = this.#text = UNASKED;
    return this;
  }

  hostname(): string | undefined {
    if (this.#hostname === UNASKED) this.#hostname = this.#subject.hostname();
    return this.#hostname;
  }

  appName(): string | undefined {
    if (this.#appName === UNASKED) this.#appName = this.#subject.appName();
    return this.#appName;
  }

  mnemonic(): string | undefined {
    if (this.#mnemonic === UNASKED) this.#mnemonic = this.#subject.mnemonic();
    return this.#mnemonic;
  }

  vendor(): string | undefined {
    if (this.#vendor === UNASKED) this.#vendor = this.#subject.vendor();
    return this.#vendor;
  }

  /** Only the beginning of a long one. */
  text(): string | undefined {
    if (this.#text === UNASKED) this.#text = this.#subject.text()?.slice(0, TEXT_LOOKED_AT);
    return this.#text;
  }
}
