import { ColumnCode, anyBit, lengthOf, position } from './column-code.ts';
import { REVERSE_PEN } from './elements/registry.ts';
import { writeKey, writeValue } from './extra-code.ts';
import { VARIABLE_LENGTH } from './record.ts';
import type { RecordPlan, Role, Slot } from './record-plan.ts';
import { type IntegerCode, RowCode, both, fits } from './row-code.ts';
import { FLOWS } from './tables.ts';

/** The code that turns one record into one or two rows, and the two lists that it needs of each field in `extra`. */
export interface RecordCode {
  /** Reads `e…`, `d…` and `l…` of fields of variable length; `break`s out of the loop when one runs past `end`. */
  readonly layout: string;
  /** Writes the rows from `q` on. */
  readonly rows: string;
  /** Slots that may appear in `extra`; their keys and types are `k0`, `t0`, `k1`, `t1`… in the code. */
  readonly extras: readonly { readonly slot: Slot; readonly key: string }[];
}

/** Fields for which zero says "unset": not worth a key in `extra`. */
const UNSET_WHEN_ZERO = new Set([
  8, 9, 12, 13, 15, 16, 17, 18, 21, 22, 27, 28, 29, 30, 31, 32, 43, 44, 45, 46, 47, 54, 58, 59, 62, 63, 64, 70, 71, 72,
  73, 74, 75, 76, 77, 78, 79, 91, 128, 129, 130, 131, 139, 140, 150, 151, 152, 153, 154, 155, 156, 157, 169, 170, 180,
  181, 182, 183, 225, 226, 227, 228, 243, 245, 254, 281, 282, 351,
]);

/** Fields that belong to both directions of a bidirectional record, and so to `extra` of both rows. */
const OF_BOTH_DIRECTIONS = new Set([96, 148, 233, 371, 40_000, 56_701, 56_702]);

const SIDES: readonly [Role, Role][] = [
  ['inIf', 'outIf'],
  ['srcAs', 'dstAs'],
];
const SWAPPED = new Map<Role, Role>(SIDES.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]));

export function generateRecordCode(plan: RecordPlan): RecordCode {
  return new Generator(plan).generate();
}

class Generator {
  readonly #plan: RecordPlan;
  readonly #columns: ColumnCode;
  readonly #extras: { slot: Slot; key: string }[] = [];
  readonly #bidirectional: boolean;

  constructor(plan: RecordPlan) {
    this.#plan = plan;
    this.#columns = new ColumnCode(plan);
    this.#bidirectional = plan.reverse.has('bytes') || plan.reverse.has('packets');
  }

  generate(): RecordCode {
    const columns = this.#columns;
    const inIf = columns.role('inIf');
    columns.readTimes();
    columns.readSampling(inIf && columns.integer(inIf));
    this.#readPorts();
    if (this.#bidirectional) this.#readReverse();
    const forward = this.#row(false);
    const reverse = this.#bidirectional ? `if(back){${this.#row(true)}r++;}` : '';
    const rows = `${columns.text()}\n${forward}r++;\n${reverse}`;
    return { layout: this.#layout(), rows, extras: this.#extras };
  }

  #layout(): string {
    let rest = this.#plan.recordLength;
    let code = '';
    let done = 0;
    for (const slot of this.#plan.slots) {
      if (slot.length !== VARIABLE_LENGTH) continue;
      const k = slot.base;
      const at = `${k === 0 ? 'p' : `e${k - 1}`}+${slot.offset}`;
      rest -= slot.offset + 1; // the fewest bytes that still follow this field
      done += 1;
      // RFC 7011 section 7: one byte of length, or 255 and two bytes
      code +=
        `let d${k}=${at}+1,l${k}=s.getUint8(${at});` +
        `if(l${k}===255){if(d${k}+2>end){cut=true;break;}l${k}=s.getUint16(d${k});d${k}+=2;}` +
        `const e${k}=d${k}+l${k};if(e${k}+${rest}>end){cut=true;break;}\n`;
    }
    const last = this.#plan.slots.at(-1);
    const tail = last === undefined || done === 0 ? '' : `const next=e${done - 1}+${rest};\n`;
    return code + tail;
  }

  /** The value of a role in the row of the given direction, with the condition under which `extra` shows it instead. */
  #value(role: Role, reverse: boolean, bits: number, zeroIsNull = false): IntegerCode | undefined {
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

  /** Declares `icmp` (type * 256 + code, or -1), `port` (the destination's, or -1), where the template needs them. */
  #readPorts(): void {
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

  #icmpPort: IntegerCode | undefined;

  #icmpCode(whole: Role, type: Role, code: Role): string | undefined {
    const columns = this.#columns;
    const both = columns.role(whole);
    if (both !== undefined) return both.length <= 2 ? columns.integer(both).low : undefined;
    const [one, other] = [columns.role(type), columns.role(code)];
    if (one === undefined || other === undefined || one.length !== 1 || other.length !== 1) return undefined;
    return `(${columns.integer(one).low}<<8|${columns.integer(other).low})`;
  }

  /** Declares `back`: whether the other direction saw traffic; and its times. */
  #readReverse(): void {
    const columns = this.#columns;
    const { reverse } = this.#plan;
    const counters = [reverse.get('bytes'), reverse.get('packets')].filter((slot) => slot !== undefined);
    columns.line(`const back=${anyBit(counters)};`);
    columns.readTime('backBegan', reverse, 'start', 'began');
    columns.readTime('backEnded', reverse, 'end', 'ended');
  }

  /** One row, its columns in the order of the table. */
  #row(reverse: boolean): string {
    const row = new RowCode();
    row.fieldCount(FLOWS.columns.length);
    row.int8({ high: 'nowHigh', low: 'nowLow', bits: 63 });
    row.timestamp(reverse ? 'backBegan' : 'began');
    row.timestamp(reverse ? 'backEnded' : 'ended');
    this.#counters(row, reverse);
    for (const role of ['inIf', 'outIf'] as const) this.#integer(row, 8, this.#value(role, reverse, 63));
    for (const role of ['srcAs', 'dstAs'] as const) this.#integer(row, 8, this.#value(role, reverse, 63, true));
    row.int8({ high: '0', low: 'domain', bits: 32, absent: 'domain===0' });
    this.#ports(row, reverse);
    row.int4({ high: '0', low: 'rate', bits: 31, absent: 'rate===0' });
    this.#smallColumns(row, reverse);
    row.char('rateFrom', 'rate!==0');
    row.statement(
      'v.setInt32(q,from0);v.setInt32(q+4,from1);v.setInt32(q+8,from2);' +
        'if(fromBytes===24){v.setInt32(q+12,from3);v.setInt32(q+16,from4);v.setInt32(q+20,from5);}q+=fromBytes;',
    );
    this.#address(row, reverse ? 'dst' : 'src');
    this.#address(row, reverse ? 'src' : 'dst');
    this.#nextHop(row, reverse);
    this.#applicationId(row);
    row.statement(this.#extra(reverse));
    return row.finish();
  }

  #integer(row: RowCode, width: 2 | 4 | 8, value: IntegerCode | undefined): void {
    if (value === undefined) row.null();
    else if (width === 2) row.int2(value);
    else if (width === 4) row.int4(value);
    else row.int8(value);
  }

  /** A value that only the packet section gives: an expression that is negative where there is none. */
  #seen(expression: string): IntegerCode | undefined {
    if (this.#columns.section === undefined) return undefined;
    return { high: '0', low: expression, bits: 15, absent: `!seen||${expression}<0` };
  }

  #counters(row: RowCode, reverse: boolean): void {
    const columns = this.#columns;
    const bytes = this.#value('bytes', reverse, 63);
    const section = columns.section !== undefined && !reverse;
    if (bytes === undefined && section) {
      const total = columns.role('ipTotalLength') ?? columns.role('frameSize');
      const known = total === undefined ? undefined : columns.integer(total);
      if (total?.id === 224) {
        columns.consume(total, total.length === 8 ? anyBit([total]) : '');
        this.#integer(row, 8, known);
      } else {
        const otherwise = known === undefined ? '0' : known.low;
        row.int8({
          high: '0',
          low: `(ip.totalLength||${otherwise})`,
          bits: 32,
          absent: `(ip.totalLength||${otherwise})===0`,
        });
      }
    } else this.#integer(row, 8, bytes);
    const packets = this.#value('packets', reverse, 63);
    if (packets === undefined && section) row.int8({ high: '0', low: '1', bits: 1 });
    else this.#integer(row, 8, packets);
  }

  #ports(row: RowCode, reverse: boolean): void {
    const src = this.#port('srcPort', 'tcpSrcPort') ?? this.#seen('ip.srcPort');
    const dst =
      this.#port('dstPort', 'tcpDstPort') ?? this.#seen('(ip.icmpCode>=0?ip.icmpType<<8|ip.icmpCode:ip.dstPort)');
    const to = this.#icmpPort ?? dst;
    this.#integer(row, 4, reverse ? to : src);
    this.#integer(row, 4, reverse ? src : to);
  }

  /** Of a port for UDP and one for TCP, a record sets the one that it has. */
  #port(role: Role, tcp: Role): IntegerCode | undefined {
    const value = this.#value(role, false, 31);
    const spare = this.#columns.role(tcp);
    if (value === undefined || spare === undefined) return value;
    this.#columns.consume(spare, `${value.low}!==0`);
    return { high: '0', low: `(${value.low}||${this.#columns.integer(spare).low})`, bits: 16 };
  }

  #smallColumns(row: RowCode, reverse: boolean): void {
    this.#integer(row, 2, this.#value('protocol', false, 15) ?? this.#seen('ip.protocol'));
    this.#tcpFlags(row, reverse);
    this.#tos(row, reverse);
    for (const side of reverse ? (['dst', 'src'] as const) : (['src', 'dst'] as const)) this.#mask(row, side);
    this.#integer(row, 2, this.#value('vlan', false, 15, true) ?? this.#seen('(H.vlan||-1)'));
    this.#integer(row, 2, reverse ? undefined : this.#value('direction', false, 15));
  }

  #tcpFlags(row: RowCode, reverse: boolean): void {
    const slot = (reverse ? this.#plan.reverse : this.#plan.roles).get('tcpFlags');
    if (slot === undefined) {
      this.#integer(row, 2, reverse ? undefined : this.#seen('ip.tcpFlags'));
      return;
    }
    this.#columns.consume(slot);
    const { low } = this.#columns.integer(slot);
    row.int2({ high: '0', low: slot.length === 1 ? low : `${low}&4095`, bits: 12 }); // the upper four are an offset
  }

  #tos(row: RowCode, reverse: boolean): void {
    const dscp = this.#columns.role('dscp');
    if (reverse || dscp === undefined) {
      this.#integer(row, 2, this.#tosOf(reverse) ?? (reverse ? undefined : this.#seen('ip.tos')));
      return;
    }
    const value = this.#columns.integer(dscp);
    this.#columns.consume(dscp);
    row.int2({ high: '0', low: `(${value.low}&63)<<2`, bits: 8 });
  }

  #tosOf(reverse: boolean): IntegerCode | undefined {
    const slot = (reverse ? this.#plan.reverse : this.#plan.roles).get('tos');
    return slot === undefined ? undefined : this.#value('tos', reverse, 15);
  }

  #mask(row: RowCode, side: 'src' | 'dst'): void {
    const four = this.#columns.role(`${side}Mask4`);
    const six = this.#columns.role(`${side}Mask6`);
    const [one, other] = [four && this.#columns.integer(four), six && this.#columns.integer(six)];
    if (one !== undefined && other !== undefined) {
      const isSix = this.#columns.six;
      this.#columns.consume(four, `${isSix}&&${anyBit([four])}`);
      this.#columns.consume(six, `!${isSix}&&${anyBit([six])}`);
      const low = `(${isSix}?${other.low}:${one.low})`;
      row.int2({ high: '0', low: `${low}&255`, bits: 8, absent: `${low}===0` });
      return;
    }
    const role: Role = four === undefined ? `${side}Mask6` : `${side}Mask4`;
    this.#integer(row, 2, this.#value(role, false, 15, true));
  }

  #address(row: RowCode, side: 'src' | 'dst'): void {
    const four = this.#columns.role(`${side}4`);
    const six = this.#columns.role(`${side}6`);
    const isSix = this.#columns.six;
    const one = four ?? six;
    if (one === undefined) {
      if (this.#columns.section === undefined) row.null();
      else row.statement(`q=I(o,q,b,seen?ip.${side}Offset:-1,ip.addressLength);`);
      return;
    }
    this.#columns.consume(four, six === undefined ? '' : `${isSix}&&${anyBit([four])}`);
    this.#columns.consume(six, four === undefined ? '' : `!${isSix}&&${anyBit([six])}`);
    if (four !== undefined && six !== undefined) {
      row.statement(`if(${isSix}){${this.#inetCode(six)}}else{${this.#inetCode(four)}}`);
    } else row.inet(this.#columns.words(one));
  }

  /** The first next hop that is set, beginning with the record's own family; NULL where none is. */
  #nextHop(row: RowCode, reverse: boolean): void {
    const roles = reverse ? this.#plan.reverse : this.#plan.roles;
    const four = roles.get('nextHop4') ?? roles.get('bgpNextHop4');
    const six = roles.get('nextHop6') ?? roles.get('bgpNextHop6');
    this.#columns.consume(four, four && six && `${this.#columns.six}&&${anyBit([six])}&&${anyBit([four])}`);
    this.#columns.consume(six, four && six && `!${this.#columns.six}&&${anyBit([six])}&&${anyBit([four])}`);
    const only = four ?? six;
    if (only === undefined) row.null();
    else if (four === undefined || six === undefined) row.inet(this.#columns.words(only), anyBit([only]));
    else {
      const preferred = `${anyBit([six])}&&(${this.#columns.six}||!${anyBit([four])})`;
      row.statement(`if(${preferred}){${this.#inetCode(six)}}else{${this.#inetCode(four, anyBit([four]))}}`);
    }
  }

  #inetCode(slot: Slot, condition?: string): string {
    const code = new RowCode();
    code.inet(this.#columns.words(slot), condition);
    return code.finish();
  }

  #applicationId(row: RowCode): void {
    const slot = this.#columns.role('applicationId');
    if (slot === undefined) {
      row.null();
      return;
    }
    const tooLong = `(${lengthOf(slot)}<2||${lengthOf(slot)}>64)`;
    this.#columns.consume(slot, slot.length === VARIABLE_LENGTH ? tooLong : '');
    row.statement(`q=A(o,q,b,${position(slot)},${lengthOf(slot)});`);
  }

  /** The column `extra`: entries begin with a comma each; the first one turns into the brace. */
  #extra(reverse: boolean): string {
    const entries: string[] = [];
    for (const slot of this.#plan.slots) {
      const entry = reverse ? this.#reverseEntry(slot) : this.#forwardEntry(slot);
      if (entry !== undefined) entries.push(entry);
    }
    if (!reverse && this.#columns.section !== undefined) entries.push('if(seen)e=X(o,e,b,H);');
    if (reverse) entries.push('e=Y(DIRECTION,o,e);');
    if (entries.length === 0) return 'v.setInt32(q,-1);q+=4;';
    return (
      `let e=q+5;${entries.join('\n')}\n` +
      `if(e===q+5){v.setInt32(q,-1);q+=4;}else{o[q+4]=1;o[q+5]=123;o[e]=125;v.setInt32(q,e-q-3);q=e+1;}`
    );
  }

  #forwardEntry(slot: Slot): string | undefined {
    const isReverse = this.#bidirectional && this.#isOfReverse(slot);
    if (!isReverse) return this.#entry(slot, slot.key, this.#columns.extraWhen.get(slot));
    if (slot.pen !== REVERSE_PEN) return undefined; // NSEL's: zero without the other direction, else in its row
    const claimed = [...this.#plan.reverse.values()].includes(slot);
    return this.#entry(slot, slot.key, claimed && this.#isCounter(slot) ? '' : `!back&&${anyBit([slot])}`);
  }

  #reverseEntry(slot: Slot): string | undefined {
    const key = slot.pen === REVERSE_PEN ? plainName(slot.key) : slot.key;
    if (this.#isOfReverse(slot)) return this.#entry(slot, key, this.#columns.extraWhen.get(slot));
    return OF_BOTH_DIRECTIONS.has(slot.id) && slot.pen === 0
      ? this.#entry(slot, key, this.#columns.extraWhen.get(slot))
      : undefined;
  }

  #isOfReverse(slot: Slot): boolean {
    return slot.pen === REVERSE_PEN || this.#isCounter(slot);
  }

  #isCounter(slot: Slot): boolean {
    return slot === this.#plan.reverse.get('bytes') || slot === this.#plan.reverse.get('packets');
  }

  #entry(slot: Slot, key: string, when: string | undefined): string | undefined {
    if (slot.key === '' || when === '') return undefined;
    const index = this.#extras.push({ slot, key }) - 1;
    const write = writeKey(index, key) + writeValue(slot, index);
    const unset = UNSET_WHEN_ZERO.has(slot.id) && (slot.pen === 0 || slot.pen === REVERSE_PEN);
    const blank = slot.type === 'string' ? `s.getUint8(${position(slot)})!==0` : undefined;
    const zero = unset ? anyBit([slot]) : blank;
    const empty = slot.length === VARIABLE_LENGTH ? `${lengthOf(slot)}!==0` : undefined;
    const condition = both(empty, both(when, zero));
    return condition === undefined ? write : `if(${condition}){${write}}`;
  }
}

/** "reverseOctetDeltaCount" → "octetDeltaCount". */
function plainName(key: string): string {
  return key.startsWith('reverse') ? key.charAt(7).toLowerCase() + key.slice(8) : key;
}
