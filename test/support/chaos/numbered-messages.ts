import { createSocket, type Socket } from 'node:dgram';
import { connect, type Socket as Connection } from 'node:net';

import { ACKNOWLEDGED, FIRST_INFORM, UNKNOWN } from './load-record.ts';

const RECONNECT_MS = 100;
/** A connection without an answer for so long is given up. */
const SILENCE_MS = 5000;
const RETRANSMIT_MS = 500;
/** RFC 3416 section 3: tags of PDUs. */
const INFORM_REQUEST = 0xa6;
const TRAP = 0xa7;
/** Messages of RELP that may be without an answer. */
export const RELP_WINDOW = 64;

/** RFC 5424; PROCID is the number. */
export function numberedMessage(app: string, number: number): string {
  return `<134>1 2026-03-05T11:22:33Z chaos ${app} ${number} - - text ${number}`;
}

/**
 * A sender of RELP that sends no message twice: what a broken connection leaves unanswered may be stored or not, which no sender
 * can tell, and a second one would be another message to the collector.
 *
 *   connecting ──"rsp" to open──▶ open ──error, close, silence──▶ waiting ──▶ connecting
 */
export class NumberedRelp {
  readonly answers: number[] = [];
  readonly #port: number;
  #connection: Connection | undefined;
  #isOpen = false;
  #transaction = 0;
  #unanswered = new Map<number, number>();
  #text = '';

  constructor(port: number) {
    this.#port = port;
  }

  get waiting(): number {
    return this.#unanswered.size;
  }

  connect(): void {
    const connection = connect(this.#port, '127.0.0.1');
    this.#connection = connection;
    this.#transaction = 0;
    this.#text = '';
    this.#unanswered = new Map();
    connection.setTimeout(SILENCE_MS, () => connection.destroy());
    connection.on('connect', () => this.#command('open', 'relp_version=0\nrelp_software=numbers\ncommands=syslog'));
    connection.setEncoding('latin1').on('data', (text: string) => this.#read(text));
    connection.on('error', () => {}); // `close` follows
    connection.on('close', () => {
      this.#isOpen = false;
      this.#unanswered.clear();
      if (this.#connection === connection) setTimeout(() => this.connect(), RECONNECT_MS);
    });
  }

  /** Sends the next message, where there is a connection and room in the window. */
  send(app: string): void {
    if (!this.#isOpen || this.#unanswered.size >= RELP_WINDOW) return;
    const number = this.answers.push(UNKNOWN) - 1;
    this.#unanswered.set(this.#command('syslog', numberedMessage(app, number)), number);
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.destroy();
  }

  #command(command: string, data: string): number {
    this.#transaction += 1;
    this.#connection?.write(`${this.#transaction} ${command} ${data.length} ${data}\n`);
    return this.#transaction;
  }

  /** Answers: transaction, "rsp", length, data that begins with a code, line feed. */
  #read(text: string): void {
    this.#text += text;
    for (;;) {
      const head = /^(\d+) (\S+) (\d+)/.exec(this.#text);
      if (head === null) return;
      const dataAt = head[0].length + 1;
      const end = Number(head[3]) === 0 ? head[0].length : dataAt + Number(head[3]);
      if (this.#text.length <= end) return;
      const data = this.#text.slice(dataAt, end);
      this.#text = this.#text.slice(end + 1);
      if (head[2] === 'rsp') this.#answered(Number(head[1]), data.startsWith('200'));
      else if (head[2] === 'serverclose') this.#connection?.destroy();
    }
  }

  #answered(transaction: number, isAccepted: boolean): void {
    const number = this.#unanswered.get(transaction);
    this.#unanswered.delete(transaction);
    if (number === undefined) this.#isOpen = isAccepted;
    else if (isAccepted) this.answers[number] = ACKNOWLEDGED;
  }
}

/** Informs of SNMPv2c whose request-id and sysUpTime are numbers, each sent again until it is answered: RFC 3416 section 4.2.7. */
export class NumberedInforms {
  readonly answers: number[] = [];
  readonly #port: number;
  readonly #socket: Socket;
  readonly #unanswered = new Map<number, number>();

  constructor(port: number) {
    this.#port = port;
    this.#socket = createSocket('udp4');
    this.#socket.on('error', () => {});
    this.#socket.on('message', (answer) => this.#answered(answer));
  }

  get waiting(): number {
    return this.#unanswered.size;
  }

  send(): void {
    const number = this.answers.push(UNKNOWN) - 1;
    this.#transmit(number);
  }

  /** To be called now and then. */
  retransmit(): void {
    const now = performance.now();
    for (const [number, sentAt] of this.#unanswered) if (now - sentAt > RETRANSMIT_MS) this.#transmit(number);
  }

  close(): void {
    this.#socket.close();
  }

  #transmit(number: number): void {
    this.#unanswered.set(number, performance.now());
    this.#socket.send(numberedInform(number), this.#port, '127.0.0.1');
  }

  /** Version and community are as in the question, so the request-id has its place. */
  #answered(answer: Buffer): void {
    const at = 2 + 3 + 8 + 2;
    if (answer.length < at + 6 || answer[at - 2] !== 0xa2 || answer.readUInt16BE(at) !== 0x02_04) return;
    const number = answer.readUInt32BE(at + 2) - FIRST_INFORM;
    if (this.#unanswered.delete(number)) this.answers[number] = ACKNOWLEDGED;
  }
}

/** Of SNMPv2c, with the community `public`. */
export function numberedInform(number: number): Buffer {
  return notification(INFORM_REQUEST, number);
}

/** The same, which nobody answers. */
export function numberedTrap(number: number): Buffer {
  return notification(TRAP, number);
}

function notification(pduType: number, number: number): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(FIRST_INFORM + number);
  const upTime = tlv(0x30, tlv(0x06, hex('2b06010201010300')), tlv(0x43, id));
  const trapOid = tlv(0x30, tlv(0x06, hex('2b060106030101040100')), tlv(0x06, hex('2b0601060301010503')));
  const zero = tlv(0x02, hex('00'));
  const pdu = tlv(pduType, tlv(0x02, id), zero, zero, tlv(0x30, upTime, trapOid));
  return tlv(0x30, tlv(0x02, hex('01')), tlv(0x04, Buffer.from('public')), pdu);
}

/** X.690: tag, length below 128, contents. */
function tlv(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}
