const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** `1234567` → `1,234,567`. */
export function grouped(count: number): string {
  return GROUPED.format(count);
}

/** "1 module", "2 modules". @param what in the singular, whose plural has an s more */
export function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** `1234567` → `1.2M`; below 10,000 all digits. */
export function compact(count: number): string {
  return Math.abs(count) < 10_000 ? GROUPED.format(count) : COMPACT.format(count);
}

/** `5242880` → `5.0 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** `93784000` → `1d 2h`: the two largest units. */
export function elapsedText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const from = parts.findIndex(([amount]) => amount > 0);
  if (from < 0) return '0s';
  return parts
    .slice(from, from + 2)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}
