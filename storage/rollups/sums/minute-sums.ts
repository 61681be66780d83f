import { ByteTable } from './byte-table.ts';
import { pruneTable } from './prune.ts';
import {
  BYTES,
  COUNTED,
  PACKETS,
  SCALED_BYTES,
  SCALED_PACKETS,
  SEEN_BYTES,
  SEEN_PACKETS,
  SumTable,
  UNKNOWN,
} from './sum-table.ts';

/**
 * What is asked of `flows`, in this order: amounts, then all that rows are summed by. Numbers that fit are packed, since each column
 * costs the database about 70 ns: the lower port (of protocols that have ports, where the exporter named no application), protocol and
 * DSCP, each -1 for NULL.
 */
export const FLOW_COLUMNS = `bytes, packets, sampling_rate, extra ->> 'biflowDirection', in_if, out_if, src_as, dst_as,
  (CASE WHEN application_id IS NULL AND protocol IN (6, 17, 33, 132, 136) THEN coalesce(least(src_port, dst_port), -1) ELSE -1 END::int8 << 32)
    | ((coalesce(protocol, -1) & 65535::int8) << 16) | (coalesce(tos >> 2, -1) & 65535),
  exporter, src_addr, dst_addr, application_id`;

/** Tables by dimension, as the column `dimension` calls them. */
export const DIMENSIONS = [
  'total',
  'ingress',
  'egress',
  'application',
  'protocol',
  'src_as',
  'dst_as',
  'dscp',
  'conversation',
  'source',
  'destination',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** In the key of an application: the exporter named it. */
export const NAMED = 1 << 20;
/** Of a key: NULL. No 64-bit value of the table starts like this. */
export const NULL_HIGH = -2_147_483_648;
const MOST_KEYS = 1 << 19;
const MOST_STRINGS = 1 << 20;
/** Different keys of flows that are summed before they go to each dimension: many flows have the same, and few lie in the cache. */
const MOST_COMBINED = 1 << 18;
const HAS_TWO = 0x32;
const SEEN = 7;

/** The sums of one minute by every dimension, added up from tuples of `FLOW_COLUMNS`. */
export class MinuteSums {
  readonly exporters = new ByteTable();
  addresses = new ByteTable();
  applications = new ByteTable();
  readonly tables: Record<Dimension, SumTable>;
  /** Of each dimension and exporter: how much any one key may have lost to the remainder while keys were summed; bytes, packets, flows. */
  readonly pruned = new Map<Dimension, Map<number, [number, number, number]>>();
  /** What was taken out of the tables, by exporter. */
  readonly evicted = new Map<Dimension, SumTable>();
  readonly #row = new Float64Array(8);
  readonly #large = [0n, 0n, 0n, 0n];
  #isLarge = false;
  #combinations = new ByteTable();
  #combined = new SumTable();
  readonly #mostKeys: number;

  /** @param mostKeys of one dimension at a time; beyond it the smaller ones are given up */
  constructor(mostKeys = MOST_KEYS) {
    this.#mostKeys = mostKeys;
    const tables = DIMENSIONS.map((dimension) => [dimension, new SumTable()] as const);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every dimension is in it
    this.tables = Object.fromEntries(tables) as Record<Dimension, SumTable>;
  }

  /** A tuple from `start` to `end`. */
  readonly add = (bytes: Uint8Array, view: DataView, start: number, end: number): void => {
    const row = this.#row;
    row[SEEN] = 0;
    this.#isLarge = false;
    const amounts = start + 2;
    let at = amounts;
    at += view.getInt32(at) < 0 ? 4 : 12;
    at += view.getInt32(at) < 0 ? 4 : 12;
    const rate = view.getInt32(at) < 0 ? undefined : view.getInt32(at + 4);
    at += rate === undefined ? 4 : 8;
    const wordLength = view.getInt32(at);
    const counts = wordLength === 1 && bytes[at + 4] === HAS_TWO ? 0 : 1;
    at += wordLength < 0 ? 4 : 4 + wordLength;
    row[COUNTED] = counts;
    row[UNKNOWN] = rate === undefined ? counts : 0;
    this.#amounts(view, amounts, rate ?? 1);
    const entry = this.#combinations.idOf(bytes, at, end - at) - 1;
    if (entry === this.#combined.size) this.#combined.append();
    this.#combined.add(entry, row);
    if (this.#isLarge) for (let place = 0; place < 4; place += 1) this.#addLarge(entry, place);
    if (this.#combined.size >= MOST_COMBINED) this.finish();
  };

  /** What was added goes to each dimension. */
  finish(): void {
    const combinations = this.#combinations;
    for (let entry = 0; entry < this.#combined.size; entry += 1) {
      const key = combinations.bytesOf(entry + 1);
      this.#spread(key, new DataView(key.buffer, key.byteOffset, key.length), entry);
      if (this.addresses.size >= MOST_STRINGS) this.#pruneAddresses();
      if (this.applications.size >= MOST_STRINGS) this.#pruneApplications();
    }
    this.#combinations = new ByteTable();
    this.#combined = new SumTable();
  }

  #spread(bytes: Uint8Array, view: DataView, entry: number): void {
    let at = 0;
    const numbers = [0, 0, 0, 0];
    for (let index = 0; index < 4; index += 1) {
      numbers[index] = at;
      at += view.getInt32(at) < 0 ? 4 : 12;
    }
    const [inIf = 0, outIf = 0, srcAs = 0, dstAs = 0] = numbers;
    const port = view.getInt32(at + 4);
    const protocol = view.getInt16(at + 8);
    const dscp = view.getInt16(at + 10);
    at += 12;
    const exporter = stringAt(this.exporters, bytes, view, at);
    at += 4 + Math.max(0, view.getInt32(at));
    const src = stringAt(this.addresses, bytes, view, at);
    at += 4 + Math.max(0, view.getInt32(at));
    const dst = stringAt(this.addresses, bytes, view, at);
    at += 4 + Math.max(0, view.getInt32(at));
    const name = stringAt(this.applications, bytes, view, at);
    this.#to('total', exporter, 0, 0, entry);
    this.#number('ingress', exporter, view, inIf, entry);
    this.#number('egress', exporter, view, outIf, entry);
    if (name === 0) this.#to('application', exporter, protocol, port, entry);
    else this.#to('application', exporter, NAMED, name, entry);
    this.#to('protocol', exporter, protocol < 0 ? NULL_HIGH : 0, Math.max(0, protocol), entry);
    this.#number('src_as', exporter, view, srcAs, entry);
    this.#number('dst_as', exporter, view, dstAs, entry);
    this.#to('dscp', exporter, dscp < 0 ? NULL_HIGH : 0, Math.max(0, dscp), entry);
    this.#to('conversation', exporter, src, dst, entry);
    this.#to('source', exporter, src, 0, entry);
    this.#to('destination', exporter, dst, 0, entry);
  }

  #to(dimension: Dimension, a: number, b: number, c: number, from: number): void {
    const table = this.tables[dimension];
    table.addEntry(table.entryOf(a, b, c), this.#combined, from);
    if (table.size >= this.#mostKeys) this.#prune(dimension, (part) => part);
  }

  #number(dimension: Dimension, exporter: number, view: DataView, at: number, from: number): void {
    if (view.getInt32(at) < 0) this.#to(dimension, exporter, NULL_HIGH, 0, from);
    else this.#to(dimension, exporter, view.getInt32(at + 4), view.getInt32(at + 8), from);
  }

  #addLarge(entry: number, place: number): void {
    const large = this.#large[place] ?? 0n;
    if (large !== 0n) this.#combined.addLarge(entry, place, large);
  }

  /** Bytes and packets, as exported and times the rate; those beyond what a number holds exactly as BigInt. */
  #amounts(view: DataView, at: number, rate: number): void {
    const packetsAt = view.getInt32(at) < 0 ? at + 4 : at + 12;
    this.#amount(view, at, rate, BYTES, SCALED_BYTES, SEEN_BYTES);
    this.#amount(view, packetsAt, rate, PACKETS, SCALED_PACKETS, SEEN_PACKETS);
  }

  #amount(view: DataView, at: number, rate: number, place: number, scaledPlace: number, seen: number): void {
    const row = this.#row;
    if (view.getInt32(at) < 0) {
      row[place] = 0;
      row[scaledPlace] = 0;
      if (!this.#isLarge) return;
      this.#large[place] = 0n;
      this.#large[scaledPlace] = 0n;
      return;
    }
    row[SEEN] = (row[SEEN] ?? 0) | seen;
    const value = view.getInt32(at + 4) * 4_294_967_296 + view.getUint32(at + 8);
    const scaled = value * rate;
    if (value >= 0 && rate >= 0 && value <= Number.MAX_SAFE_INTEGER && scaled <= Number.MAX_SAFE_INTEGER) {
      row[place] = value;
      row[scaledPlace] = scaled;
      if (!this.#isLarge) return;
      this.#large[place] = 0n;
      this.#large[scaledPlace] = 0n;
      return;
    }
    if (!this.#isLarge) this.#large.fill(0n);
    this.#isLarge = true;
    row[place] = 0;
    row[scaledPlace] = 0;
    const exact = view.getBigInt64(at + 4);
    this.#large[place] = exact;
    this.#large[scaledPlace] = exact * BigInt(rate);
  }

  #pruneAddresses(): void {
    const old = this.addresses;
    this.addresses = new ByteTable();
    const again = (id: number): number => {
      if (id === 0) return 0;
      const bytes = old.bytesOf(id);
      return this.addresses.idOf(bytes, 0, bytes.length);
    };
    this.#prune('conversation', again, again);
    this.#prune('source', again);
    this.#prune('destination', again);
  }

  #pruneApplications(): void {
    const old = this.applications;
    this.applications = new ByteTable();
    const same = (id: number): number => id;
    const table = this.tables.application;
    this.#prune('application', same, (id, entry) => {
      if (table.key(entry, 1) !== NAMED) return id;
      const bytes = old.bytesOf(id);
      return this.applications.idOf(bytes, 0, bytes.length);
    });
  }

  #prune(
    dimension: Dimension,
    second: (part: number, entry: number) => number,
    third: (part: number, entry: number) => number = (part) => part,
  ): void {
    const evicted = this.evicted.get(dimension) ?? new SumTable();
    const pruned = this.pruned.get(dimension) ?? new Map<number, [number, number, number]>();
    this.evicted.set(dimension, evicted);
    this.pruned.set(dimension, pruned);
    this.tables[dimension] = pruneTable(this.tables[dimension], this.#mostKeys / 4, evicted, pruned, second, third);
  }
}

/** The number of a string, of which there may be none. */
function stringAt(table: ByteTable, bytes: Uint8Array, view: DataView, at: number): number {
  const length = view.getInt32(at);
  return length < 0 ? 0 : table.idOf(bytes, at + 4, length);
}
