import { ByteTable } from './byte-table.ts';
import { pruneTable } from './prune.ts';
import {
  BYTES,
  COUNTED,
  EXPORTER,
  PACKETS,
  SCALED_BYTES,
  SCALED_PACKETS,
  SEEN_BYTES,
  SEEN_PACKETS,
  SHORT_FIRST,
  SHORT_SECOND,
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
/** One less than what a table has room for: it is pruned before it would grow. */
const MOST_KEYS = (1 << 19) - 1;
const MOST_STRINGS = 1 << 20;
const HAS_TWO = 0x32;
const SEEN = 7;
/** A host of IPv4 as `inet_send` writes it: family 2, 32 bits, no network, four bytes. */
export const SHORT_ADDRESS = 0x02_20_00_04;
const LARGE_PLACES = [0, 1, 2, 3] as const;

/**
 * The sums of one minute by every dimension, added up from tuples of `FLOW_COLUMNS`. Each tuple goes to the dimensions of which the keys
 * are few, and to its conversation; totals are made from protocols, and hosts from conversations, at the end.
 */
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
  /** Empty tables with room, for those that are pruned next. */
  readonly #spares: SumTable[] = [];

  /** @param mostKeys of one dimension at a time; beyond it the smaller ones are given up */
  constructor(mostKeys = MOST_KEYS) {
    this.#mostKeys = mostKeys;
    const tables = DIMENSIONS.map((dimension) => [dimension, new SumTable()] as const);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every dimension is in it
    this.tables = Object.fromEntries(tables) as Record<Dimension, SumTable>;
  }

  /** Ready for another minute, in the same memory: minutes are much alike. */
  clear(): void {
    for (const table of [this.exporters, this.addresses, this.applications]) table.clear();
    for (const dimension of DIMENSIONS) this.tables[dimension].clear();
    this.pruned.clear();
    this.evicted.clear();
  }

  /** A tuple that begins at `start`. */
  readonly add = (bytes: Uint8Array, view: DataView, start: number): void => {
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
    this.#keys(bytes, view, at);
  };

  /** After the last tuple, once: what is made from other dimensions. */
  finish(): void {
    const { total, protocol, conversation } = this.tables;
    for (const from of [protocol, this.evicted.get('protocol')])
      for (let entry = 0; entry < (from?.size ?? 0); entry += 1)
        if (from !== undefined) total.addEntry(total.entryOf(from.key(entry, 0), 0, 0), from, entry);
    for (let entry = 0; entry < conversation.size; entry += 1) this.#toHosts(conversation, entry);
  }

  /** @param from where the columns begin that a tuple is summed by */
  #keys(bytes: Uint8Array, view: DataView, from: number): void {
    const outIf = from + (view.getInt32(from) < 0 ? 4 : 12);
    const srcAs = outIf + (view.getInt32(outIf) < 0 ? 4 : 12);
    const dstAs = srcAs + (view.getInt32(srcAs) < 0 ? 4 : 12);
    const packed = dstAs + (view.getInt32(dstAs) < 0 ? 4 : 12);
    const exporterAt = packed + 12;
    const exporter = stringAt(this.exporters, bytes, view, exporterAt);
    const { tables } = this;
    this.#number(tables.ingress, 'ingress', exporter, view, from);
    this.#number(tables.egress, 'egress', exporter, view, outIf);
    this.#number(tables.src_as, 'src_as', exporter, view, srcAs);
    this.#number(tables.dst_as, 'dst_as', exporter, view, dstAs);
    const protocol = view.getInt16(packed + 8);
    const dscp = view.getInt16(packed + 10);
    this.#to(tables.protocol, 'protocol', exporter, protocol < 0 ? NULL_HIGH : 0, Math.max(0, protocol));
    this.#to(tables.dscp, 'dscp', exporter, dscp < 0 ? NULL_HIGH : 0, Math.max(0, dscp));
    const srcAt = exporterAt + 4 + Math.max(0, view.getInt32(exporterAt));
    const dstAt = srcAt + 4 + Math.max(0, view.getInt32(srcAt));
    const nameAt = dstAt + 4 + Math.max(0, view.getInt32(dstAt));
    const name = stringAt(this.applications, bytes, view, nameAt);
    if (name === 0) this.#to(tables.application, 'application', exporter, protocol, view.getInt32(packed + 4));
    else this.#to(tables.application, 'application', exporter, NAMED, name);
    const isShort = (isShortAddress(view, srcAt) ? SHORT_FIRST : 0) | (isShortAddress(view, dstAt) ? SHORT_SECOND : 0);
    const src = (isShort & SHORT_FIRST) === 0 ? stringAt(this.addresses, bytes, view, srcAt) : view.getInt32(srcAt + 8);
    const dst =
      (isShort & SHORT_SECOND) === 0 ? stringAt(this.addresses, bytes, view, dstAt) : view.getInt32(dstAt + 8);
    this.#to(tables.conversation, 'conversation', exporter | isShort, src, dst);
    if (this.addresses.size >= MOST_STRINGS) this.#pruneAddresses();
    if (this.applications.size >= MOST_STRINGS) this.#pruneApplications();
  }

  /** Adds the row at hand. The table is given too, since to look it up for each row would cost as much as to add. */
  #to(table: SumTable, dimension: Dimension, a: number, b: number, c: number): void {
    const entry = table.entryOf(a, b, c);
    table.add(entry, this.#row);
    if (this.#isLarge) for (const place of LARGE_PLACES) this.#addLarge(table, entry, place);
    if (table.size >= this.#mostKeys) this.#prune(dimension, (part) => part);
  }

  #number(table: SumTable, dimension: Dimension, exporter: number, view: DataView, at: number): void {
    if (view.getInt32(at) < 0) this.#to(table, dimension, exporter, NULL_HIGH, 0);
    else this.#to(table, dimension, exporter, view.getInt32(at + 4), view.getInt32(at + 8));
  }

  #toHosts(conversations: SumTable, from: number): void {
    const key = conversations.key(from, 0);
    const exporter = key & EXPORTER;
    const shortSource = (key & SHORT_FIRST) | exporter;
    const shortDestination = (key & SHORT_SECOND) === 0 ? exporter : exporter | SHORT_FIRST;
    this.#toHost('source', shortSource, conversations.key(from, 1), conversations, from);
    this.#toHost('destination', shortDestination, conversations.key(from, 2), conversations, from);
  }

  #toHost(
    dimension: 'source' | 'destination',
    exporter: number,
    host: number,
    conversations: SumTable,
    from: number,
  ): void {
    const table = this.tables[dimension];
    table.addEntry(table.entryOf(exporter, host, 0), conversations, from);
    if (table.size >= this.#mostKeys) this.#prune(dimension, (part) => part);
  }

  #addLarge(table: SumTable, entry: number, place: number): void {
    const large = this.#large[place] ?? 0n;
    if (large !== 0n) table.addLarge(entry, place, large);
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
    const again = (dimension: Dimension, bit: number) => (id: number, entry: number) => {
      if (id === 0 || (this.tables[dimension].key(entry, 0) & bit) !== 0) return id;
      const bytes = old.bytesOf(id);
      return this.addresses.idOf(bytes, 0, bytes.length);
    };
    this.#prune('conversation', again('conversation', SHORT_FIRST), again('conversation', SHORT_SECOND));
    this.#prune('source', again('source', SHORT_FIRST));
    this.#prune('destination', again('destination', SHORT_FIRST));
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
    const table = this.tables[dimension];
    const kept = this.#spares.pop() ?? new SumTable();
    // Hosts are made from conversations: from these now, while their numbers are good.
    const onEvicted = dimension === 'conversation' ? (entry: number) => this.#toHosts(table, entry) : () => {};
    pruneTable(table, kept, Math.floor(this.#mostKeys / 4), evicted, pruned, { second, third, onEvicted });
    this.tables[dimension] = kept;
    table.clear();
    this.#spares.push(table);
  }
}

function isShortAddress(view: DataView, at: number): boolean {
  return view.getInt32(at) === 8 && view.getInt32(at + 4) === SHORT_ADDRESS;
}

/** The number of a string, of which there may be none. */
function stringAt(table: ByteTable, bytes: Uint8Array, view: DataView, at: number): number {
  const length = view.getInt32(at);
  return length < 0 ? 0 : table.idOf(bytes, at + 4, length);
}
