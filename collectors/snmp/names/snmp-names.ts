import type { SnmpName, SnmpNaming } from '../naming.ts';
import type { FoundName, NameTable } from './name-table.ts';
import type { ValueText } from './value-text.ts';

/** Above these nothing is known that a reader of numbers does not know: iso, org, dod, internet, private. */
const KNOWN_TO_ALL = new Set(['1', '1.3', '1.3.6', '1.3.6.1', '1.3.6.1.4', '0', '2']);

/** Of two halves: the older one is dropped when the younger one is full, so that what is used stays. */
const MOST_REMEMBERED = 8_192;

/** No real OID is longer; one that is is looked up each time. */
const LONGEST_REMEMBERED = 512;

/** Names for traps, out of a table that is exchanged as a whole when there is a newer one. */
export class SnmpNames implements SnmpNaming {
  #table: NameTable;
  #generation = 1;
  #young = new Map<string, SnmpName | undefined>();
  #old = new Map<string, SnmpName | undefined>();

  constructor(table: NameTable) {
    this.#table = table;
  }

  get generation(): number {
    return this.#generation;
  }

  get table(): NameTable {
    return this.#table;
  }

  /** From now on names are taken from `table`. */
  replace(table: NameTable): void {
    this.#table = table;
    this.#generation += 1;
    this.#young = new Map();
    this.#old = new Map();
  }

  lookUp(oid: string): SnmpName | undefined {
    const known = this.#young.get(oid);
    if (known !== undefined || this.#young.has(oid)) return known;
    const name = this.#old.has(oid) ? this.#old.get(oid) : this.#make(oid);
    this.#remember(oid, name);
    return name;
  }

  #make(oid: string): SnmpName | undefined {
    const found = this.#table.find(oid);
    if (found === undefined || KNOWN_TO_ALL.has(found.node.oid)) return undefined;
    return new TableName(this.#table.textOf(found), valueTextOf(this.#table, found));
  }

  #remember(oid: string, name: SnmpName | undefined): void {
    if (oid.length > LONGEST_REMEMBERED) return;
    if (this.#young.size >= MOST_REMEMBERED) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(oid, name);
  }
}

function valueTextOf(table: NameTable, { node }: FoundName): ValueText {
  return node.kind === 'scalar' || node.kind === 'column' ? table.valueText(node) : {};
}

class TableName implements SnmpName {
  readonly name: string;
  readonly #text: ValueText;

  constructor(name: string, text: ValueText) {
    this.name = name;
    this.#text = text;
  }

  integerText(value: number): string | undefined {
    return this.#text.integer?.(value);
  }

  octetsText(value: Buffer): string | undefined {
    return this.#text.octets?.(value);
  }
}
