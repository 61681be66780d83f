/** Quantities as network people write them: powers of 1000, one blank before the unit (ISO/IEC 80000). */

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** `1234567890` → `1.23 GB`. */
export function octetsText(octets: number): string {
  return scaled(octets, 'B');
}

/** `34000000` → `34.0 Mbit/s`. */
export function bitRateText(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, 'bit/s');
}

/** `1234567` → `1.23 M`; below 10,000 all digits. */
export function countText(count: number): string {
  return count < 10_000 ? String(Math.round(count)) : scaled(count, '');
}

/** `0.1234` → `12.3 %`. */
export function shareText(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 0.05 ? '<0.1' : percent.toFixed(1)} %`;
}

/** `93` → `1m 33s`, `900` → `15m`, `0.25` → `0.25s`: at most the two largest units. */
export function secondsText(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 1 ? 3 : 1))}s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ];
  const from = parts.findIndex(([amount]) => amount > 0);
  const two = parts.slice(from, from + 2).filter(([amount]) => amount > 0);
  return two.map(([amount, unit]) => `${amount}${unit}`).join(' ');
}

/** `2026-11-22 14:30:05` in the local zone (TZ); with `milliseconds` `….123`. */
export function localTimeText(moment: Date, milliseconds = false): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  return `${day} ${time}${milliseconds ? `.${String(moment.getMilliseconds()).padStart(3, '0')}` : ''}`;
}

/** The local zone at a moment, `UTC+01:00`; plain `UTC` without an offset. */
export function zoneText(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** Three digits that count, never a zero less or a `1000 M`. */
function scaled(value: number, unit: string): string {
  let power = 0;
  let rest = Math.abs(value);
  // 999.5 would be shown as 1000.
  while (rest >= 999.5 && power < PREFIXES.length - 1) {
    rest /= 1000;
    power += 1;
  }
  const digits = power === 0 ? (rest < 10 && !Number.isInteger(rest) ? 1 : 0) : rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0;
  return `${value < 0 ? '-' : ''}${rest.toFixed(digits)} ${PREFIXES[power]}${unit}`.trimEnd();
}
