import type { SizedPartition } from './partition-sizes.ts';
import type { SizeLimits } from './size-limits.ts';

/** How long rows of each table are kept, in days, and how much they may take. */
export interface ForecastRules {
  readonly keepDays: Readonly<Record<string, number>>;
  readonly maxBytes: SizeLimits;
}

/** The file system that the database is on, bytes. */
export interface DiskRoom {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Of one table, and of all. */
interface SizeForecast {
  readonly name: string;
  readonly bytes: number;
  /** As the planner last saw them; partitions that it has not looked at count none. */
  readonly rows: number;
  /** Undefined where nothing is known yet. */
  readonly bytesPerDay: number | undefined;
  /** What `bytesPerDay` is from: days that are over, or hours, in a young database. */
  readonly basis: 'days' | 'hours' | undefined;
  readonly maxBytes: number | undefined;
  /** Until `maxBytes` is reached; undefined where there is none, or age keeps it below. */
  readonly daysToLimit: number | undefined;
}

/** What the database takes, and how it will go on if nothing changes. */
export interface StorageForecast {
  readonly tables: readonly SizeForecast[];
  readonly total: SizeForecast;
  /** Undefined where the database is on another host. */
  readonly disk: (DiskRoom & { readonly daysUntilFull: number | undefined }) | undefined;
  /** The limit that is reached first, and when. */
  readonly first: { readonly what: string; readonly days: number } | undefined;
  /** What is at 80 % or more, by what it is: part of the limit. */
  readonly alarms: readonly { readonly what: string; readonly part: number }[];
}

const ALARM_PART = 0.8;
const DAY_MICROS = 86_400_000_000;
const HOUR_MICROS = 3_600_000_000;
/** Traffic of a week has its quiet days in it. */
const LOOK_BACK_DAYS = 7;
/** Nothing is said of what is farther away. */
const FARTHEST_DAYS = 3650;

/**
 * How tables will grow: each by what its last days took, until its age or its limit holds it.
 * @param now microseconds since the Unix epoch
 * @param since when the database began to be filled, microseconds since the Unix epoch
 */
export function forecastStorage(
  partitions: ReadonlyMap<string, readonly SizedPartition[]>,
  rules: ForecastRules,
  disk: DiskRoom | undefined,
  { now, since }: { readonly now: number; readonly since: number },
): StorageForecast {
  const tables = Array.from(partitions, ([name, own]) => tableForecast(name, own, rules, now, since));
  const grown = (days: number): number => sum(tables.map((table) => bytesAfter(table, rules, days)));
  const bytes = grown(0);
  const { total: maxBytes } = rules.maxBytes;
  const total: SizeForecast = {
    name: 'total',
    bytes,
    rows: sum(tables.map(({ rows }) => rows)),
    bytesPerDay: sum(tables.map(({ bytesPerDay = 0 }) => bytesPerDay)),
    basis: tables.some(({ basis }) => basis === 'hours') ? 'hours' : tables.find(({ basis }) => basis)?.basis,
    maxBytes,
    daysToLimit: maxBytes === undefined ? undefined : daysUntil(grown, maxBytes),
  };
  const room = disk && { ...disk, daysUntilFull: daysUntil(grown, bytes + disk.freeBytes) };
  const sized = [...tables, total];
  const ends = [
    ...sized.map(({ name, daysToLimit }) => ({ what: limitName(name), days: daysToLimit })),
    { what: 'the disk', days: room?.daysUntilFull },
  ].flatMap(({ what, days }) => (days === undefined ? [] : [{ what, days }]));
  const parts = [
    ...sized.flatMap((each) =>
      each.maxBytes === undefined ? [] : [{ what: limitName(each.name), part: each.bytes / each.maxBytes }],
    ),
    ...(disk === undefined ? [] : [{ what: 'the disk', part: 1 - disk.freeBytes / disk.totalBytes }]),
  ];
  return {
    tables,
    total,
    disk: room,
    first: ends.toSorted((a, b) => a.days - b.days)[0],
    alarms: parts.filter(({ part }) => part >= ALARM_PART),
  };
}

/** What a limit is called in alarms. */
export function limitName(table: string): string {
  return table === 'total' ? 'the limit of all tables' : `the limit of ${table}`;
}

function tableForecast(
  name: string,
  partitions: readonly SizedPartition[],
  rules: ForecastRules,
  now: number,
  since: number,
): SizeForecast {
  const [bytesPerDay, basis] = growth(partitions, now, since);
  const maxBytes = rules.maxBytes.tables[name];
  const sized = {
    name,
    bytes: sum(partitions.map(({ bytes }) => bytes)),
    rows: sum(partitions.map(({ rows = 0 }) => rows)),
    bytesPerDay,
    basis,
    maxBytes,
  };
  const unlimited = { ...sized, maxBytes: undefined };
  const daysToLimit =
    maxBytes === undefined ? undefined : daysUntil((days) => bytesAfter(unlimited, rules, days), maxBytes);
  return { ...sized, daysToLimit };
}

/** Bytes a day: of the days that are over, at most a week of them; else of the hours since the beginning. */
function growth(
  partitions: readonly SizedPartition[],
  now: number,
  since: number,
): [number | undefined, 'days' | 'hours' | undefined] {
  const filled = partitions.filter(({ isEmpty, lower }) => !isEmpty && lower <= now);
  const today = Math.floor(now / DAY_MICROS) * DAY_MICROS;
  const oldest = Math.max(Math.min(...filled.map(({ lower }) => lower)), since);
  const firstDay = Math.max(Math.ceil(oldest / DAY_MICROS) * DAY_MICROS, today - LOOK_BACK_DAYS * DAY_MICROS);
  const days = (today - firstDay) / DAY_MICROS;
  if (filled.length > 0 && days >= 1) {
    const over = filled.filter(({ lower, upper }) => lower >= firstDay && upper <= today);
    return [sum(over.map(({ bytes }) => bytes)) / days, 'days'];
  }
  if (filled.length === 0 || now - oldest < HOUR_MICROS) return [undefined, undefined];
  return [(sum(filled.map(({ bytes }) => bytes)) / (now - oldest)) * DAY_MICROS, 'hours'];
}

function bytesAfter(
  { name, bytes, bytesPerDay = 0, maxBytes = Infinity }: Omit<SizeForecast, 'daysToLimit'>,
  { keepDays }: ForecastRules,
  days: number,
): number {
  const heldByAge = bytesPerDay * (keepDays[name] ?? Infinity);
  return Math.min(bytes + bytesPerDay * days, Math.max(bytes, Math.min(heldByAge, maxBytes)));
}

/** The day on which what grows reaches `limit`, to a hundredth; undefined where it does not. */
function daysUntil(grown: (days: number) => number, limit: number): number | undefined {
  if (grown(FARTHEST_DAYS) < limit) return undefined;
  let [low, high] = [0, FARTHEST_DAYS];
  while (high - low > 0.005) {
    const middle = (low + high) / 2;
    if (grown(middle) < limit) low = middle;
    else high = middle;
  }
  return Math.round(high * 100) / 100;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}
