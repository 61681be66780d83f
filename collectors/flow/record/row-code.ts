import { PGSQL_AF_INET, PGSQL_AF_INET6, POSTGRES_EPOCH_MICROS } from '../../copy-format.ts';

/** Times outside 1970..2262 are no times: an unset field, or a clock that never was set. Microseconds, exclusive. */
const EARLIEST_MICROS = 0;
const LATEST_MICROS = 9_214_646_400_000_000;

/** An unsigned integer in generated code: expressions for its upper and lower 32 bits, and how much it can be. */
export interface IntegerCode {
  /** '0' when it has at most 32 bits. */
  readonly high: string;
  readonly low: string;
  readonly bits: number;
  /** The condition under which there is no value. */
  readonly absent?: string;
}

/**
 * Writes the JavaScript that writes one row of COPY fields. The generated code sees `v` (a DataView of the batch) and
 * `q` (the position in it). Fields whose width does not depend on the record are written at constant distances from
 * `q`, which moves only where a field's width is known but at run time.
 */
export class RowCode {
  #text: string[] = [];
  #ahead = 0;

  /** The code so far, with `q` behind everything written. */
  finish(): string {
    this.flush();
    return this.#text.join('\n');
  }

  /** Lets `q` catch up, and adds a statement that may use and move it. */
  statement(code: string): void {
    this.flush();
    this.#text.push(code);
  }

  flush(): void {
    if (this.#ahead > 0) this.#text.push(`q+=${this.#ahead};`);
    this.#ahead = 0;
  }

  fieldCount(count: number): void {
    this.#text.push(`v.setInt16(${this.#at(0)},${count});`);
    this.#ahead += 2;
  }

  null(): void {
    this.#text.push(`v.setInt32(${this.#at(0)},-1);`);
    this.#ahead += 4;
  }

  /** A field of `width` bytes that `write` fills, told the position of each byte; NULL where `present` is false. */
  #field(width: number, present: string | undefined, write: (at: (distance: number) => string) => string): void {
    if (present !== undefined) this.flush();
    const body = `v.setInt32(${this.#at(0)},${width});${write((distance) => this.#at(4 + distance))}`;
    if (present === undefined) {
      this.#text.push(body);
      this.#ahead += 4 + width;
    } else {
      this.#text.push(`if(${present}){${body}q+=${4 + width};}else{v.setInt32(q,-1);q+=4;}`);
    }
  }

  int2(value: IntegerCode | undefined): void {
    if (value === undefined) {
      this.null();
      return;
    }
    const write = (at: (d: number) => string): string => `v.setInt16(${at(0)},${value.low});`;
    this.#field(2, both(present(value), fits(value, 15)), write);
  }

  int4(value: IntegerCode | undefined): void {
    if (value === undefined) {
      this.null();
      return;
    }
    const write = (at: (d: number) => string): string => `v.setInt32(${at(0)},${value.low});`;
    this.#field(4, both(present(value), fits(value, 31)), write);
  }

  int8(value: IntegerCode | undefined): void {
    if (value === undefined) {
      this.null();
      return;
    }
    const write = (at: (d: number) => string): string =>
      `v.setInt32(${at(0)},${value.high});v.setInt32(${at(4)},${value.low});`;
    this.#field(8, both(present(value), fits(value, 63)), write);
  }

  /** `code`: an expression. */
  char(code: string, condition: string): void {
    this.#field(1, condition, (at) => `v.setUint8(${at(0)},${code});`);
  }

  /** `micros`: the name of a local variable, microseconds since the Unix epoch or NaN. */
  timestamp(micros: string): void {
    this.#field(8, isTime(micros), (at) => {
      // 2^-32 is a power of two, so that the upper half comes out exactly
      return (
        `const t=${micros}-${POSTGRES_EPOCH_MICROS},w=t>>>0;` +
        `v.setInt32(${at(0)},(t-w)*${2 ** -32});v.setInt32(${at(4)},w);`
      );
    });
  }

  /** `words`: expressions for the address, 32 bits each: one for IPv4, four for IPv6. */
  inet(words: readonly string[], condition?: string): void {
    const family = words.length === 1 ? PGSQL_AF_INET : PGSQL_AF_INET6;
    const bytes = words.length * 4;
    const head = (family << 24) | ((bytes * 8) << 16) | bytes; // family, netmask bits, is_cidr 0, length
    this.#field(4 + bytes, condition, (at) => {
      return `v.setInt32(${at(0)},${head});${words.map((word, i) => `v.setInt32(${at(4 + i * 4)},${word});`).join('')}`;
    });
  }

  #at(distance: number): string {
    return this.#ahead + distance === 0 ? 'q' : `q+${this.#ahead + distance}`;
  }
}

/** The condition under which a value of `value.bits` fits into `bits`; undefined where it always does. */
export function fits(value: IntegerCode, bits: number): string | undefined {
  if (value.bits <= bits) return undefined;
  if (bits === 63) return `${value.high}>=0`;
  const low = `${value.low}>>>0<=${2 ** bits - 1}`;
  return value.high === '0' ? low : `${value.high}===0&&${low}`;
}

/** Whether the local variable `micros` holds a time that can be meant. False for NaN. */
export function isTime(micros: string): string {
  return `${micros}>${EARLIEST_MICROS}&&${micros}<${LATEST_MICROS}`;
}

/** Both conditions; undefined means "always". */
export function both(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : `(${one})&&(${other})`;
}

function present(value: IntegerCode): string | undefined {
  return value.absent === undefined ? undefined : `!(${value.absent})`;
}
