import { LOSSES } from '../../collectors/accounts/loss-table.ts';
import type { Acceptance } from '../../collectors/acceptance.ts';
import type { Datagram } from '../../collectors/datagram.ts';
import type { SnmpDecoderOptions } from '../../collectors/snmp/decoder-options.ts';
import type { ReplyTo } from '../../collectors/snmp/inform/inform-desk.ts';
import type { SnmpNaming } from '../../collectors/snmp/naming.ts';
import type { SecurityProcessor } from '../../collectors/snmp/security.ts';
import { SnmpDecoder } from '../../collectors/snmp/snmp-decoder.ts';
import { SNMP_TRAPS } from '../../collectors/snmp/tables.ts';
import type { SnmpTrouble } from '../../collectors/snmp/trouble.ts';
import { MemorySink } from './memory-sink.ts';

/** A member of the column `varbinds`. */
export interface Varbind {
  readonly oid: string;
  readonly name?: string;
  readonly type: string;
  readonly value: string | number | null;
  readonly encoding?: string;
  readonly text?: string;
}

/** An acceptance whose moment the test chooses. */
class HeldAcceptance implements Acceptance {
  readonly waiting: ((accepted: boolean) => void)[] = [];

  whenAccepted(settled: (accepted: boolean) => void): void {
    this.waiting.push(settled);
  }

  settle(accepted: boolean): void {
    for (const settled of this.waiting.splice(0)) settled(accepted);
  }

  hasRoom(): boolean {
    return true;
  }

  whenRoom(): Promise<void> {
    return Promise.resolve();
  }
}

export interface SnmpDecoding {
  readonly decoder: SnmpDecoder;
  readonly sink: MemorySink;
  readonly acceptance: HeldAcceptance;
  readonly replies: { readonly bytes: Buffer; readonly to: ReplyTo }[];
  readonly troubles: SnmpTrouble[];
  /** Feeds one datagram, by default from 192.0.2.1:40000 to port 162 at 2026-01-01T00:00:00Z. */
  feed(bytes: Buffer, from?: Partial<Datagram>): void;
  /** The rows so far. */
  rows(): Record<string, unknown>[];
}

export const ARRIVAL_MICROS = 1_767_225_600_000_000;

export function startSnmpDecoding(
  options: SnmpDecoderOptions = {},
  rooms: { security?: SecurityProcessor; naming?: SnmpNaming } = {},
): SnmpDecoding {
  const sink = new MemorySink(SNMP_TRAPS);
  const acceptance = new HeldAcceptance();
  const replies: SnmpDecoding['replies'] = [];
  const troubles: SnmpTrouble[] = [];
  const decoder = new SnmpDecoder(options, {
    traps: sink,
    losses: new MemorySink(LOSSES),
    acceptance,
    reply: (bytes, to) => replies.push({ bytes, to }),
    report: (trouble) => troubles.push(trouble),
    ...rooms,
  });
  const defaults = {
    sourceAddress: '192.0.2.1',
    sourcePort: 40_000,
    localPort: 162,
    receivedAtMicros: ARRIVAL_MICROS,
  };
  return {
    decoder,
    sink,
    acceptance,
    replies,
    troubles,
    feed: (bytes, from) => decoder.decode({ ...defaults, ...from, bytes }),
    rows: () => sink.read(),
  };
}

/** The varbinds of a row. */
export function varbindsOf(row: Record<string, unknown> | undefined): readonly Varbind[] {
  const varbinds: readonly Varbind[] = JSON.parse(JSON.stringify(row?.['varbinds'] ?? []));
  return varbinds;
}

/** Bytes as the tests write them by hand: hexadecimal, blanks ignored. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

/** One BER element with a length in its shortest form, independent of the code under test. */
export function ber(tag: number, ...contents: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(contents.map((each) => (typeof each === 'string' ? hex(each) : each)));
  const { length } = content;
  const header =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), content]);
}

const COMMUNITY = '04 06 7075626c6963'; // public
export const UPTIME = '30 0d 06 08 2b06010201010300 43 01 2a'; // sysUpTime.0 = 42
export const COLD_START = '30 17 06 0a 2b060106030101040100 06 09 2b0601060301010501';

/** A v2c notification whose varbinds are sysUpTime.0, coldStart and `varbinds`. */
export function v2Message(varbinds: readonly (Buffer | string)[], tag = 0xa7, requestId = '02 01 07'): Buffer {
  const list = ber(0x30, UPTIME, COLD_START, ...varbinds);
  return ber(0x30, '02 01 01', COMMUNITY, ber(tag, requestId, '02 01 00 02 01 00', list));
}

/** A varbind of enterprise 99999: 1.3.6.1.4.1.99999.1 */
export function varbind(value: Buffer | string): Buffer {
  return ber(0x30, '06 09 2b060104 01868d1f01', value);
}
