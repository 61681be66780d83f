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

/** What is asked of `flows`, in this order: numbers that fit are packed, since each column costs the database about 70 ns. */
export const FLOW_COLUMNS = `bytes, packets, in_if, out_if, src_as, dst_as,
  (coalesce(src_port, -1)::int8 << 32) | (coalesce(dst_port, -1) & 4294967295),
  (coalesce(sampling_rate, -1)::int8 << 32) | ((coalesce(protocol, -1) & 65535::int8) << 16) | (coalesce(tos, -1) & 65535),
  exporter, src_addr, dst_addr, application_id, extra ->> 'biflowDirection'`;

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
/** TCP, UDP, DCCP, SCTP, UDP-Lite (IANA): those whose flows are told apart by port. */
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

const MOST_KEYS = 1 << 19;
const MOST_STRINGS = 1 << 20;
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
  readonly #mostKeys: number;

  /** @param mostKeys of one dimension at a time; beyond it the smaller ones are given up */
  constructor(mostKeys = MOST_KEYS) {
    this.#mostKeys = mostKeys;
    const tables = DIMENSIONS.map((dimension) => [dimension, new SumTable()] as const);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every dimension is in it
    this.tables = Object.fromEntries(tables) as Record<Dimension, SumTable>;
  }

  /** @param start where the tuple starts */
  readonly add = (bytes: Uint8Array, view: DataView, start: number): void => {
    const row = this.#row;
    const { tables } = this;
    row[SEEN] = 0;
    this.#isLarge = false;
    let at = start + 2;
    const amounts = at;
    at += view.getInt32(at) < 0 ? 4 : 12;
    at += view.getInt32(at) < 0 ? 4 : 12;
    const inIf = at;
    at += view.getInt32(at) < 0 ? 4 : 12;
    const outIf = at;
    at += view.getInt32(at) < 0 ? 4 : 12;
    const srcAs = at;
    at += view.getInt32(at) < 0 ? 4 : 12;
    const dstAs = at;
    at += view.getInt32(at) < 0 ? 4 : 12;
    const srcPort = view.getInt32(at + 4);
    const dstPort = view.getInt32(at + 8);
    const rate = view.getInt32(at + 16);
    const protocol = view.getInt16(at + 20);
    const tos = view.getInt16(at + 22);
    at += 24;
    const exporterLength = view.getInt32(at);
    const exporter = this.exporters.idOf(bytes, at + 4, exporterLength);
    at += 4 + exporterLength;
    const srcLength = view.getInt32(at);
    const src = srcLength < 0 ? 0 : this.addresses.idOf(bytes, at + 4, srcLength);
    at += srcLength < 0 ? 4 : 4 + srcLength;
    const dstLength = view.getInt32(at);
    const dst = dstLength < 0 ? 0 : this.addresses.idOf(bytes, at + 4, dstLength);
    at += dstLength < 0 ? 4 : 4 + dstLength;
    const nameLength = view.getInt32(at);
    const name = nameLength < 0 ? 0 : this.applications.idOf(bytes, at + 4, nameLength);
    at += nameLength < 0 ? 4 : 4 + nameLength;
    const counts = view.getInt32(at) === 1 && bytes[at + 4] === HAS_TWO ? 0 : 1;
    row[COUNTED] = counts;
    row[UNKNOWN] = rate === -1 ? counts : 0;
    this.#amounts(view, amounts, rate === -1 ? 1 : rate);

    this.#to(tables.total, exporter, 0, 0);
    this.#number(tables.ingress, exporter, view, inIf);
    this.#number(tables.egress, exporter, view, outIf);
    if (name !== 0) this.#to(tables.application, exporter, NAMED, name);
    else this.#to(tables.application, exporter, protocol, WITH_PORTS.has(protocol) ? lower(srcPort, dstPort) : -1);
    this.#to(tables.protocol, exporter, protocol < 0 ? NULL_HIGH : 0, protocol < 0 ? 0 : protocol);
    this.#number(tables.src_as, exporter, view, srcAs);
    this.#number(tables.dst_as, exporter, view, dstAs);
    this.#to(tables.dscp, exporter, tos < 0 ? NULL_HIGH : 0, tos < 0 ? 0 : tos >> 2);
    this.#to(tables.conversation, exporter, src, dst);
    this.#to(tables.source, exporter, src, 0);
    this.#to(tables.destination, exporter, dst, 0);
    if (this.addresses.size >= MOST_STRINGS) this.#pruneAddresses();
    if (this.applications.size >= MOST_STRINGS) this.#pruneApplications();
  };

  #to(table: SumTable, a: number, b: number, c: number): void {
    const entry = table.entryOf(a, b, c);
    table.add(entry, this.#row);
    if (this.#isLarge) for (let place = 0; place < 4; place += 1) this.#addLarge(table, entry, place);
    if (table.size >= this.#mostKeys) this.#pruneLargest();
  }

  #addLarge(table: SumTable, entry: number, place: number): void {
    const large = this.#large[place] ?? 0n;
    if (large !== 0n) table.addLarge(entry, place, large);
  }

  #number(table: SumTable, exporter: number, view: DataView, at: number): void {
    if (view.getInt32(at) < 0) this.#to(table, exporter, NULL_HIGH, 0);
    else this.#to(table, exporter, view.getInt32(at + 4), view.getInt32(at + 8));
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

  #pruneLargest(): void {
    for (const dimension of DIMENSIONS)
      if (this.tables[dimension].size >= this.#mostKeys) this.#prune(dimension, (entry) => entry);
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

/** The lower of two ports, of which -1 is NULL. */
function lower(one: number, other: number): number {
  if (one === -1) return other;
  return other === -1 || one < other ? one : other;
}
