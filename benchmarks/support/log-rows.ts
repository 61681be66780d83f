import {
  writeBool,
  writeChar,
  writeFieldCount,
  writeInet,
  writeInt2,
  writeInt8,
  writeJsonb,
  writeNull,
  writeText,
  writeTimestamp,
} from '../../collectors/copy-format.ts';
import { SYSLOG_MESSAGES } from '../../collectors/syslog/tables.ts';
import { SeededRandom } from '../../src/traffic/random.ts';

/** What the benchmark asks for, and what it must find. */
export const RARE_TEXT = 'chassis fan tray 2 removed by operator';

const DEVICES = 500;
const MNEMONICS = 200;
const ROW_BYTES = 4096;
const WORDS = [
  'interface neighbor session tunnel policy access denied permitted connection timeout established terminated',
  'authentication failed user login logout configuration changed by console vty line protocol state updown',
  'power supply temperature threshold exceeded normal module inserted spanning tree topology change root',
  'port security violation address learned duplicate packet dropped rate limit reached adjacency lost found',
  'hold timer expired peer reset received notification route withdrawn prefix maximum memory allocation',
]
  .join(' ')
  .split(' ');
const APPS = ['sshd', 'cron', 'kernel', 'bgpd', 'ospfd', 'dhcpd', 'named', 'postfix/smtpd', 'sudo', 'systemd'];

/** Makes rows of `syslog_messages` as devices of several makers would cause them: about 220 bytes of text in the mean. */
export class LogRows {
  readonly #random: SeededRandom;
  readonly #memory: Buffer;
  #made = 0;

  constructor(seed: number, rows: number) {
    this.#random = new SeededRandom(seed);
    this.#memory = Buffer.allocUnsafe(rows * ROW_BYTES);
  }

  /** `rows` rows between two times (microseconds), in their order. The bytes are valid until the next call. */
  make(rows: number, fromMicros: number, toMicros: number): Buffer {
    let at = 0;
    for (let row = 0; row < rows; row += 1) {
      at = this.#row(at, fromMicros + Math.floor(((toMicros - fromMicros) * row) / rows));
    }
    return this.#memory.subarray(0, at);
  }

  #row(start: number, micros: number): number {
    const out = this.#memory;
    const below = (bound: number): number => this.#random.below(bound);
    this.#made += 1;
    const device = below(DEVICES);
    const severity = this.#random.fraction() < 0.02 ? below(4) : 4 + below(4);
    const kind = below(10);
    const mnemonic = kind < 6 ? mnemonicOf(below(MNEMONICS), severity) : undefined;
    let at = writeFieldCount(out, start, SYSLOG_MESSAGES.columns.length);
    at = writeTimestamp(out, at, micros);
    at = writeTimestamp(out, at, micros - 300_000);
    at = writeInt8(out, at, -300);
    at = writeInt2(out, at, 16 + (device % 8));
    at = writeInt2(out, at, severity);
    at = writeChar(out, at, kind < 6 ? 0x63 : 0x33);
    at = writeChar(out, at, 0x75);
    at = writeChar(out, at, 0x62);
    at = writeBool(out, at, false);
    at = writeInet(out, at, Buffer.from([10, 20, device >> 8, device & 255]), 0, 4);
    at = writeText(out, at, `core-sw-${device}.example.net`);
    at = kind < 6 ? writeNull(out, at) : writeText(out, at, APPS[below(APPS.length)] ?? '');
    at = kind < 6 ? writeNull(out, at) : writeText(out, at, String(below(32_768)));
    at = writeNull(out, at);
    at = writeText(out, at, kind < 6 ? 'cisco' : 'fortinet');
    at = writeText(out, at, kind < 6 ? 'cisco' : 'fortinet');
    at = mnemonic === undefined ? writeNull(out, at) : writeText(out, at, mnemonic);
    const pairs = this.#pairs();
    at = writeText(out, at, this.#text(kind, pairs));
    at = writeNull(out, at);
    at = kind >= 6 ? writeJsonb(out, at, JSON.stringify(pairs)) : writeNull(out, at);
    for (let rest = 0; rest < 3; rest += 1) at = writeNull(out, at);
    return at;
  }

  #pairs(): Record<string, string> {
    const below = (bound: number): number => this.#random.below(bound);
    const address = (): string => `10.${below(40)}.${below(256)}.${below(256)}`;
    return {
      srcip: address(),
      srcport: String(1024 + below(60_000)),
      dstip: address(),
      dstport: String(below(1024)),
      sessionid: String(below(1e9)),
      policyid: String(below(500)),
    };
  }

  #text(kind: number, pairs: Readonly<Record<string, string>>): string {
    if (this.#made % 1_000_000 === 500_000) return `%PLATFORM-3-FAN: ${RARE_TEXT}, ticket ${this.#made}`;
    const words = kind < 6 ? 23 : 13;
    let text = kind < 6 ? `%X: from ${pairs['srcip']}(${pairs['srcport']}) to ${pairs['dstip']}:` : '';
    for (let word = 0; word < words; word += 1) text += ` ${WORDS[this.#random.below(WORDS.length)]}`;
    if (kind >= 6) for (const [key, value] of Object.entries(pairs)) text += ` ${key}=${value}`;
    return text;
  }
}

function mnemonicOf(number: number, severity: number): string {
  return `${(WORDS[number % 40] ?? '').toUpperCase()}-${severity}-EVENT${number}`;
}
