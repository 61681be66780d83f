import { type ColumnCode, anyBit } from './column-code.ts';
import type { RecordPlan, Role } from './record-plan.ts';
import { type IntegerCode, fits } from './row-code.ts';

const SIDES: readonly [Role, Role][] = [
  ['inIf', 'outIf'],
  ['srcAs', 'dstAs'],
];
const SWAPPED = new Map<Role, Role>(SIDES.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]));

/**
 * What the integer columns of a row hold: of which field, or of the packet section where the template has no field. Each
 * method also says which fields `extra` need not show. `reverse`: in the row of the other direction.
 */
export class ValueCode {
  readonly #plan: RecordPlan;
  readonly #columns: ColumnCode;
  #icmpPort: IntegerCode | undefined;

  constructor(plan: RecordPlan, columns: ColumnCode) {
    this.#plan = plan;
    this.#columns = columns;
  }

  /** The value of a role in the row of the given direction, with the condition under which `extra` shows it instead. */
  of(role: Role, reverse: boolean, bits: number, zeroIsNull = false): IntegerCode | undefined {
    const roles = reverse ? this.#plan.reverse : this.#plan.roles;
    const swapped = reverse ? (SWAPPED.get(role) ?? role) : role;
    const slot = reverse ? (roles.get(role) ?? this.#plan.roles.get(swapped)) : roles.get(role);
    if (slot === undefined) return undefined;
    const value = this.#columns.integer(slot);
    const fit = fits(value, bits);
    this.#columns.consume(slot, fit === undefined ? '' : `!(${fit})`);
    const zero = value.high === '0' ? `${value.low}===0` : `(${value.high}|${value.low})===0`;
    return zeroIsNull ? { ...value, absent: zero } : value;
  }

  /** A value that only the packet section gives: an expression that is negative where there is none. */
  #seen(expression: string): IntegerCode | undefined {
    if (this.#columns.section === undefined) return undefined;
    return { high: '0', low: expression, bits: 15, absent: `!seen||${expression}<0` };
  }

  /** IP's own length of the packet goes before the frame's, where only a packet section tells. */
  bytes(reverse: boolean): IntegerCode | undefined {
    const columns = this.#columns;
    const counter = this.of('bytes', reverse, 63);
    if (counter !== undefined || columns.section === undefined || reverse) return counter;
    const total = this.of('ipTotalLength', false, 63);
    if (total !== undefined) return total;
    const frame = columns.role('frameSize');
    const low = `(ip.totalLength||${frame === undefined ? '0' : columns.integer(frame).low})`;
    return { high: '0', low, bits: 32, absent: `${low}===0` };
  }

  packets(reverse: boolean): IntegerCode | undefined {
    const counter = this.of('packets', reverse, 63);
    if (counter !== undefined || this.#columns.section === undefined || reverse) return counter;
    return { high: '0', low: '1', bits: 1 };
  }

  srcPort(): IntegerCode | undefined {
    return this.#port('srcPort', 'tcpSrcPort') ?? this.#seen('ip.srcPort');
  }

  dstPort(): IntegerCode | undefined {
    if (this.#icmpPort !== undefined) return this.#icmpPort;
    const seen = '(ip.icmpCode>=0?ip.icmpType<<8|ip.icmpCode:ip.dstPort)';
    return this.#port('dstPort', 'tcpDstPort') ?? this.#seen(seen);
  }

  protocol(): IntegerCode | undefined {
    return this.of('protocol', false, 15) ?? this.#seen('ip.protocol');
  }

  vlan(): IntegerCode | undefined {
    return this.of('vlan', false, 15, true) ?? this.#seen('(H.vlan||-1)');
  }

  tcpFlags(reverse: boolean): IntegerCode | undefined {
    const slot = (reverse ? this.#plan.reverse : this.#plan.roles).get('tcpFlags');
    if (slot === undefined) return reverse ? undefined : this.#seen('ip.tcpFlags');
    this.#columns.consume(slot);
    const { low } = this.#columns.integer(slot);
    return { high: '0', low: slot.length === 1 ? low : `${low}&4095`, bits: 12 }; // the upper four are an offset
  }

  tos(reverse: boolean): IntegerCode | undefined {
    if (reverse) return this.#plan.reverse.has('tos') ? this.of('tos', true, 15) : undefined;
    const dscp = this.#columns.role('dscp');
    if (dscp === undefined) return this.of('tos', false, 15) ?? this.#seen('ip.tos');
    this.#columns.consume(dscp);
    return { high: '0', low: `(${this.#columns.integer(dscp).low}&63)<<2`, bits: 8 };
  }

  mask(side: 'src' | 'dst'): IntegerCode | undefined {
    const columns = this.#columns;
    const four = columns.role(`${side}Mask4`);
    const six = columns.role(`${side}Mask6`);
    if (four === undefined || six === undefined) {
      return this.of(four === undefined ? `${side}Mask6` : `${side}Mask4`, false, 15, true);
    }
    columns.consume(four, `${columns.six}&&${anyBit([four])}`);
    columns.consume(six, `!${columns.six}&&${anyBit([six])}`);
    const low = `(${columns.six}?${columns.integer(six).low}:${columns.integer(four).low})`;
    return { high: '0', low: `${low}&255`, bits: 8, absent: `${low}===0` };
  }

  /** Of a port for UDP and one for TCP, a record sets the one that it has. */
  #port(role: Role, tcp: Role): IntegerCode | undefined {
    const value = this.of(role, false, 31);
    const spare = this.#columns.role(tcp);
    if (value === undefined || spare === undefined) return value;
    this.#columns.consume(spare, `${value.low}!==0`);
    return { high: '0', low: `(${value.low}||${this.#columns.integer(spare).low})`, bits: 16 };
  }

  /** Declares `icmp` (type * 256 + code, or -1), `port` (the destination's, or -1), where the template needs them. */
  readPorts(): void {
    const columns = this.#columns;
    const four = this.#icmpCode('icmp4', 'icmpType4', 'icmpCode4');
    const six = this.#icmpCode('icmp6', 'icmpType6', 'icmpCode6');
    const one = four ?? six;
    if (one === undefined) return;
    const slot = columns.role('dstPort');
    if (slot !== undefined && slot.length > 2) return;
    const protocol = columns.role('protocol');
    let icmp = slot === undefined ? one : '-1';
    if (protocol !== undefined) {
      const { low } = columns.integer(protocol);
      icmp = `${low}===1?${one}:${low}===58?${six ?? one}:-1`;
    }
    const given = this.#port('dstPort', 'tcpDstPort')?.low ?? '-1';
    columns.line(`const icmp=${icmp};const port=${given}<=0?(icmp>=0?icmp:${given}):${given};`);
    for (const [role, code] of [
      ['icmp4', four],
      ['icmpType4', four],
      ['icmpCode4', four],
      ['icmp6', six],
      ['icmpType6', six],
      ['icmpCode6', six],
    ] as const) {
      const source = columns.role(role);
      if (source !== undefined) columns.consume(source, `${code}!==0&&${code}!==port`);
    }
    this.#icmpPort = { high: '0', low: 'port', bits: 16, absent: 'port<0' };
  }

  #icmpCode(whole: Role, type: Role, code: Role): string | undefined {
    const columns = this.#columns;
    const both = columns.role(whole);
    if (both !== undefined) return both.length <= 2 ? columns.integer(both).low : undefined;
    const [one, other] = [columns.role(type), columns.role(code)];
    if (one === undefined || other === undefined || one.length !== 1 || other.length !== 1) return undefined;
    return `(${columns.integer(one).low}<<8|${columns.integer(other).low})`;
  }
}
