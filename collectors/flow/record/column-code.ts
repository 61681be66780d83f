import type { RecordPlan, Role, Slot } from './record-plan.ts';
import { SAMPLING_SOURCE, VARIABLE_LENGTH } from './record.ts';
import { type IntegerCode, isTime } from './row-code.ts';

/** How far an uptime in a record may lie ahead of the header's; what seems to lie further ahead is before a wrap. */
const MAX_AHEAD_MS = 86_400_000;

/** How a field can tell a time; of several, the first one that a template has is used. */
const TIME_KINDS = ['Ntp', 'Millis', 'Seconds', 'Delta', 'Uptime'] as const;

/**
 * Reads the fields that have a role into local variables of the generated code, once a record, and says under which
 * condition a field that a column could not take whole goes to `extra` instead. The generated code sees `s` and `b` (the
 * datagram as DataView and Buffer), `p` (start of the record), `c` (the context) and what the prelude in `record-program.ts` declares.
 */
export class ColumnCode {
  readonly #plan: RecordPlan;
  readonly #lines: string[] = [];
  readonly #integers = new Map<Slot, IntegerCode>();
  /** Under which condition a field is shown in `extra`; '' never. Fields that are not in it always are. */
  readonly extraWhen = new Map<Slot, string>();
  /** 'true', 'false' or a local: whether the record is of IPv6. */
  readonly six: string;
  /** A local that says whether the packet section was understood; undefined without one. */
  readonly section: Slot | undefined;

  constructor(plan: RecordPlan) {
    this.#plan = plan;
    this.six = this.#readFamily();
    this.section = plan.roles.get('frameSection') ?? plan.roles.get('ipSection');
    if (this.section !== undefined) this.#readSection(this.section);
  }

  /** The statements that declare all locals. */
  text(): string {
    return this.#lines.join('\n');
  }

  line(code: string): void {
    this.#lines.push(code);
  }

  role(role: Role): Slot | undefined {
    return this.#plan.roles.get(role);
  }

  /** The field as an unsigned integer of 1 to 8 bytes. */
  integer(slot: Slot): IntegerCode {
    const known = this.#integers.get(slot);
    if (known !== undefined) return known;
    const name = `i${this.#integers.size}`;
    const high = slot.length > 4 ? `${name}h` : '0';
    if (high !== '0') this.line(`const ${high}=${readWord(slot, 0, slot.length - 4)};`);
    this.line(`const ${name}=${readWord(slot, Math.max(0, slot.length - 4), Math.min(4, slot.length))};`);
    const code = { high, low: name, bits: slot.length * 8 };
    this.#integers.set(slot, code);
    return code;
  }

  /** The field as a double: exact up to 2^53. */
  number(slot: Slot): string {
    const { high, low } = this.integer(slot);
    return high === '0' ? `(${low}>>>0)` : `((${high}>>>0)*4294967296+(${low}>>>0))`;
  }

  /** Expressions for the 32-bit words of an address. */
  words(slot: Slot): string[] {
    return Array.from({ length: slot.length / 4 }, (_, i) => `s.getInt32(${position(slot, i * 4)})`);
  }

  /** Never shown in `extra`. */
  consume(slot: Slot | undefined, unless = ''): void {
    if (slot !== undefined) this.extraWhen.set(slot, unless);
  }

  /** Whether the record is of IPv6: what the record says, else the family that is not all zero; IPv4 where both are. */
  #readFamily(): string {
    const v4 = this.#slots('src4', 'dst4');
    const v6 = this.#slots('src6', 'dst6');
    const version = this.role('ipVersion');
    if (v4.length + v6.length > 0) this.consume(version);
    if (v6.length === 0) return 'false';
    if (v4.length === 0) return 'true';
    this.line(`const six4=${anyBit(v4)},six6=${anyBit(v6)};`);
    let six = '!six4&&six6';
    if (version !== undefined) {
      const { low } = this.integer(version);
      six = `${low}===6||(${low}!==4&&${six})`;
    }
    this.line(`const six=${six};`);
    return 'six';
  }

  #slots(...roles: Role[]): Slot[] {
    return roles.map((role) => this.role(role)).filter((slot) => slot !== undefined);
  }

  #readSection(slot: Slot): void {
    const kind = slot === this.role('frameSection') ? 'ethernet' : 'ip';
    this.line(`const seen=H.parseFrame('${kind}',b,${position(slot)},${lengthOf(slot)}),ip=H.outer;`);
    this.consume(slot, '!seen');
  }

  /** Declares the local `name` with the time of the first role of `roles` that the template has, in microseconds, or NaN. */
  readTime(name: string, roles: ReadonlyMap<Role, Slot>, which: 'start' | 'end', fallback: string): Slot | undefined {
    for (const kind of TIME_KINDS) {
      const slot = roles.get(`${which}${kind}`);
      if (slot === undefined) continue;
      this.line(`const ${name}=${this.#time(slot, kind)};`);
      this.consume(slot, `!(${isTime(name)})&&${anyBit([slot])}`);
      return slot;
    }
    this.line(`const ${name}=${fallback};`);
    return undefined;
  }

  #time(slot: Slot, kind: (typeof TIME_KINDS)[number]): string {
    const { high, low } = this.integer(slot);
    if (kind === 'Ntp') return `N(${high}>>>0,${low}>>>0)`;
    if (kind === 'Millis') return `${this.number(slot)}*1e3`;
    if (kind === 'Seconds') return `${this.number(slot)}*1e6`;
    if (kind === 'Delta') return `c.exportedAtMicros-${this.number(slot)}`;
    // Right across a wrap of the uptime, and for flows that began up to 48 days ago: none begins in the future.
    return `upBase+((${low}-upRef-${MAX_AHEAD_MS + 1}>>>0)-${2 ** 32 - MAX_AHEAD_MS - 1})*1e3`;
  }

  /** Declares `began` and `ended`. */
  readTimes(): void {
    const { roles } = this.#plan;
    const boot = this.role('bootMillis');
    this.line(boot === undefined ? 'const upBase=upBase0,upRef=upRef0;' : this.#bootCode(boot));
    const observed = this.#observed();
    const millis = this.role('durationMillis');
    const duration = millis ?? this.role('durationMicros');
    const span = duration === undefined ? '' : `${this.number(duration)}${millis === undefined ? '' : '*1e3'}`;
    this.consume(duration);
    const hasStart = TIME_KINDS.some((kind) => roles.has(`start${kind}`));
    if (hasStart) {
      this.readTime('began', roles, 'start', 'NaN');
      this.readTime('ended', roles, 'end', span === '' ? observed : `began+${span}`);
    } else {
      this.readTime('ended', roles, 'end', observed);
      this.readTime('began', roles, 'start', span === '' ? observed : `ended-${span}`);
    }
  }

  /** IE 160 in the record tells when the uptime began, where the header does not. */
  #bootCode(slot: Slot): string {
    this.consume(slot);
    const boot = `${this.number(slot)}*1e3`;
    return (
      `let upBase=upBase0,upRef=upRef0;` +
      `if(c.uptimeMs<0){const ms=Math.floor((c.exportedAtMicros-${boot})/1e3);upBase=${boot}+ms*1e3;upRef=ms|0;}`
    );
  }

  #observed(): string {
    for (const [role, kind] of [
      ['observedMillis', 'Millis'],
      ['observedNtp', 'Ntp'],
      ['observedSeconds', 'Seconds'],
    ] as const) {
      const slot = this.role(role);
      if (slot === undefined) continue;
      this.line(`const observed=${this.#time(slot, kind)};`);
      this.consume(slot, `!(${isTime('observed')})&&${anyBit([slot])}`);
      return 'observed';
    }
    return 'NaN';
  }

  /**
   * Declares `rate` (1 in N, 0 unknown) and `rateFrom` (its source). An operator's word goes first, then the record's
   * own, the selector's, the interface's, and what holds for all.
   */
  readSampling(inIf: IntegerCode | undefined): void {
    this.line('let rate=rate0,rateFrom=rateFrom0;');
    const own = this.#ownRate();
    if (own !== undefined) this.line(`const own=Q(${own});`);
    const selector = this.role('selectorId') ?? this.role('samplerId');
    if (selector !== undefined) {
      this.line(`const chosen=Q(c.sampling.rateOfSelector(${this.number(selector)}));`);
      this.consume(selector, `chosen===0&&${anyBit([selector])}`);
    }
    const options = `rateFrom=${SAMPLING_SOURCE.options};`;
    const choices: string[] = [];
    if (own !== undefined) choices.push(`if(own>0){rate=own;rateFrom=${SAMPLING_SOURCE.record};}`);
    if (selector !== undefined) choices.push(`if(chosen>0){rate=chosen;${options}}`);
    if (inIf !== undefined && inIf.bits <= 32) {
      // the rate of the last interface is remembered: neighbours in a datagram often share it
      choices.push(
        `{const at=${inIf.low}>>>0;if(at!==rateAt){rateAt=at;rateThere=Q(c.sampling.rateOfInterface(at));}` +
          `if(rateThere>0){rate=rateThere;${options}}}`,
      );
    }
    if (choices.length > 0) this.line(`if(!told){${choices.join('else ')}}`);
  }

  #ownRate(): string | undefined {
    const one = (role: Role): string | undefined => {
      const slot = this.role(role);
      this.consume(slot);
      return slot === undefined ? undefined : this.number(slot);
    };
    const interval = one('samplingInterval') ?? one('samplerInterval');
    if (interval !== undefined) return interval;
    const [taken, skipped] = [one('packetInterval') ?? one('timeInterval'), one('packetSpace') ?? one('timeSpace')];
    if (taken !== undefined && skipped !== undefined) return `(${taken}+${skipped})/${taken}`;
    const [size, population] = [one('samplingSize'), one('samplingPopulation')];
    return size === undefined || population === undefined ? undefined : `${population}/${size}`;
  }
}

/** Where the field's value stands, plus `distance`. */
export function position(slot: Slot, distance = 0): string {
  const total = slot.offset + distance;
  if (slot.length === VARIABLE_LENGTH) return distance === 0 ? `d${slot.base}` : `d${slot.base}+${distance}`;
  const base = slot.base === 0 ? 'p' : `e${slot.base - 1}`;
  return total === 0 ? base : `${base}+${total}`;
}

/** The bytes of its value. */
export function lengthOf(slot: Slot): string {
  return slot.length === VARIABLE_LENGTH ? `l${slot.base}` : String(slot.length);
}

/** 1 to 4 bytes at `distance` within the field. */
function readWord(slot: Slot, distance: number, bytes: number): string {
  const at = position(slot, distance);
  if (bytes === 1) return `s.getUint8(${at})`;
  if (bytes === 2) return `s.getUint16(${at})`;
  if (bytes === 3) return `(s.getUint16(${at})<<8|s.getUint8(${position(slot, distance + 2)}))`;
  return `s.getInt32(${at})`;
}

/** Whether any bit is set in those of the fields that there are. */
export function anyBit(slots: readonly (Slot | undefined)[]): string {
  const given = slots.filter((slot) => slot !== undefined);
  const parts = given.map((slot) => {
    if (slot.length === 4) return `s.getInt32(${position(slot)})!==0`;
    if (slot.length === 2) return `s.getUint16(${position(slot)})!==0`;
    if (slot.length === 1) return `s.getUint8(${position(slot)})!==0`;
    if (slot.length === 8 || slot.length === 16) {
      const words = Array.from({ length: slot.length / 4 }, (_, i) => `s.getInt32(${position(slot, i * 4)})`);
      return `(${words.join('|')})!==0`;
    }
    return `Z(b,${position(slot)},${lengthOf(slot)})`;
  });
  return `(${parts.join('||')})`;
}
