import { ColumnCode, anyBit, lengthOf, position } from './column-code.ts';
import { REVERSE_PEN } from '../elements/registry.ts';
import { writeKey, writeValue } from './extra-code.ts';
import { VARIABLE_LENGTH } from './record.ts';
import type { RecordPlan, Slot } from './record-plan.ts';
import { RowCode, both } from './row-code.ts';
import { FLOWS } from '../tables.ts';
import { ValueCode } from './value-code.ts';

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

export function generateRecordCode(plan: RecordPlan): RecordCode {
  return new Generator(plan).generate();
}

class Generator {
  readonly #plan: RecordPlan;
  readonly #columns: ColumnCode;
  readonly #values: ValueCode;
  readonly #extras: { slot: Slot; key: string }[] = [];
  readonly #bidirectional: boolean;

  constructor(plan: RecordPlan) {
    this.#plan = plan;
    this.#columns = new ColumnCode(plan);
    this.#values = new ValueCode(plan, this.#columns);
    this.#bidirectional = plan.reverse.has('bytes') || plan.reverse.has('packets');
  }

  generate(): RecordCode {
    const columns = this.#columns;
    const inIf = columns.role('inIf');
    columns.readTimes();
    columns.readSampling(inIf && columns.integer(inIf));
    this.#values.readPorts();
    if (this.#bidirectional) this.#readReverse();
    const forward = this.#row(false);
    const reverse = this.#bidirectional ? `if(back){${this.#row(true)}r++;}` : '';
    const rows = `${columns.text()}\n${forward}r++;\n${reverse}`;
    return { layout: layoutCode(this.#plan), rows, extras: this.#extras };
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
    const values = this.#values;
    row.int8(values.bytes(reverse));
    row.int8(values.packets(reverse));
    for (const role of ['inIf', 'outIf'] as const) row.int8(values.of(role, reverse, 63));
    for (const role of ['srcAs', 'dstAs'] as const) row.int8(values.of(role, reverse, 63, true));
    row.int8({ high: '0', low: 'domain', bits: 32, absent: 'domain===0' });
    row.int4(reverse ? values.dstPort() : values.srcPort());
    row.int4(reverse ? values.srcPort() : values.dstPort());
    row.int4({ high: '0', low: 'rate', bits: 31, absent: 'rate===0' });
    row.int2(values.protocol());
    row.int2(values.tcpFlags(reverse));
    row.int2(values.tos(reverse));
    row.int2(values.mask(reverse ? 'dst' : 'src'));
    row.int2(values.mask(reverse ? 'src' : 'dst'));
    row.int2(values.vlan());
    row.int2(reverse ? undefined : values.of('direction', false, 15));
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

/** Finds where the fields of variable length stand. */
function layoutCode(plan: RecordPlan): string {
  let rest = plan.recordLength;
  let code = '';
  let done = 0;
  for (const slot of plan.slots) {
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
  const last = plan.slots.at(-1);
  const tail = last === undefined || done === 0 ? '' : `const next=e${done - 1}+${rest};\n`;
  return code + tail;
}
