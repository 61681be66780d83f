import { DogwatchError } from '../../../src/runtime/errors.ts';

/** Where clocks stand, told for any time. */
export interface TimeZone {
  /** Minutes east of UTC at a time in microseconds since the Unix epoch. */
  offsetMinutes(atMicros: number): number;
}

/** Zones change their offset on quarter hours of UTC at the finest; between two of them one answer holds. */
const SLOT_MS = 15 * 60_000;
/** Slots whose offset is remembered, of one zone. Times of a backlog or a replay are spread over some. */
const MAX_SLOTS = 1000;
const FIXED = /^([+-])(\d{2}):?([0-5]\d)$/;
/** As far as zones go: UTC−12 to UTC+14. */
const MOST_MINUTES = 14 * 60;

/**
 * A zone by its IANA name (`Europe/Berlin`, with daylight saving), a fixed offset (`+02:00`), or `local`, the machine's.
 * @throws DogwatchError `BAD_TIME_ZONE`
 */
export function timeZone(text: string): TimeZone {
  const fixed = fixedMinutes(text);
  if (fixed !== undefined) return { offsetMinutes: () => fixed };
  if (text === 'local') return new ChangingZone((ms) => -new Date(ms).getTimezoneOffset());
  const format = formatOf(text);
  return new ChangingZone((ms) => offsetAt(format, ms));
}

/** Minutes east of UTC that `+02:00` and `Z` write. */
function fixedMinutes(text: string): number | undefined {
  if (text === 'Z') return 0;
  const [, sign, hours, minutes] = FIXED.exec(text) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  if (!(total <= MOST_MINUTES)) return undefined;
  return sign === '-' ? 0 - total : total;
}

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    if (!/^[A-Za-z]/.test(name)) throw new RangeError('not a name');
    return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    throw new DogwatchError('BAD_TIME_ZONE', `"${name}" is no time zone`, {
      remedy: 'write an IANA name such as Europe/Berlin, an offset such as +02:00, or local',
    });
  }
}

/** `GMT+05:45`, `GMT` alone for none (CLDR's localised GMT format, long). */
function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/**
 * A zone whose offset changes. It is asked by the time of arrival, which is a time of UTC: no local hour is ever missing or
 * there twice, and a stamp of the hour that is repeated in autumn gets the offset that was in force when it arrived.
 */
class ChangingZone implements TimeZone {
  readonly #offsetAt: (ms: number) => number;
  readonly #slots = new Map<number, number>();
  #lastSlot = Number.NaN;
  #lastOffset = 0;

  constructor(offsetOf: (ms: number) => number) {
    this.#offsetAt = offsetOf;
  }

  offsetMinutes(atMicros: number): number {
    const slot = Math.floor(atMicros / (SLOT_MS * 1000));
    if (slot === this.#lastSlot) return this.#lastOffset;
    let offset = this.#slots.get(slot);
    if (offset === undefined) {
      offset = this.#compute(slot);
      if (this.#slots.size >= MAX_SLOTS) this.#slots.clear();
      this.#slots.set(slot, offset);
    }
    this.#lastSlot = slot;
    this.#lastOffset = offset;
    return offset;
  }

  #compute(slot: number): number {
    const ms = slot * SLOT_MS;
    // What a Date cannot hold (ECMA-262, 21.4.1.1) has no offset.
    return Math.abs(ms) <= 8.64e15 ? this.#offsetAt(ms) : 0;
  }
}
