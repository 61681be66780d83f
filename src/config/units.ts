/** Durations and sizes as people write them: `250ms`, `30d`, `8MiB`. One unit a value, fractions allowed. */

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

// IEC 80000-13: KiB is 1024 bytes, kB is 1000. Both are understood, neither is guessed.
const BYTES: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
  ['tib', 1024 ** 4],
]);

const QUANTITY = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i;

/** Milliseconds of a text such as `250ms`, `10s`, `15m`, `2h`, `30d`, `1w` or `0`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, MILLISECONDS, (unit) => unit);
}

/** Bytes of a text such as `512B`, `64KiB`, `8MiB`, `10GB` or `0`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, BYTES, (unit) => unit.toLowerCase());
}

/** `90000` → `90s`: the largest unit that leaves a whole number. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, [...MILLISECONDS].toReversed());
}

/** `8388608` → `8MiB`: the largest binary unit that leaves a whole number. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, [
    ['TiB', 1024 ** 4],
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
    ['B', 1],
  ]);
}

function parseQuantity(
  text: string,
  units: ReadonlyMap<string, number>,
  canonical: (unit: string) => string,
): number | undefined {
  if (text.trim() === '0') return 0;
  const [, amount, unit] = QUANTITY.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const factor = units.get(canonical(unit));
  return factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

function formatQuantity(amount: number, units: readonly (readonly [string, number])[]): string {
  const fitting = units.find(([, factor]) => amount >= factor && amount % factor === 0);
  return fitting === undefined ? String(amount) : `${amount / fitting[1]}${fitting[0]}`;
}
