const two = (value: number) => String(value).padStart(2, '0');
const three = (value: number) => String(value).padStart(3, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** A way to write the time, always in the same number of bytes, so that it can be written over. */
export class TimeFormat {
  readonly #resolutionMs: number;
  readonly #write: (time: Date) => string;
  #tick = Number.NaN;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(resolutionMs: number, write: (time: Date) => string) {
    this.#resolutionMs = resolutionMs;
    this.#write = write;
  }

  /** The very same buffer as long as the text stays the same. */
  bytesAt(nowMs: number): Buffer {
    const tick = Math.floor(nowMs / this.#resolutionMs);
    if (tick !== this.#tick) {
      this.#tick = tick;
      this.#bytes = Buffer.from(this.#write(new Date(nowMs)), 'latin1');
    }
    return this.#bytes;
  }
}

const clock = (time: Date) => [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
const monthAndDay = (time: Date) => `${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2)}`;
const date = (time: Date, divider: string) =>
  [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join(divider);

/** `+0100`, as the machine's clock is set. */
function zone(time: Date): string {
  const east = -time.getTimezoneOffset();
  const minutes = Math.abs(east);
  return `${east < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

/** The stamps of devices. Those without a zone are local time, as devices write them. */
export const TIME = {
  /** RFC 3164 section 4.1.2: `Mar  5 11:22:33`. */
  bsd: new TimeFormat(1000, (time) => `${monthAndDay(time)} ${clock(time)}`),
  /** Cisco's `service timestamps log datetime msec`: `Mar  5 11:22:33.456`. */
  bsdMillis: new TimeFormat(1, (time) => `${monthAndDay(time)} ${clock(time)}.${three(time.getMilliseconds())}`),
  /** ASA's `logging timestamp`: `Mar 05 2026 11:22:33`. */
  asa: new TimeFormat(
    1000,
    (time) => `${MONTHS[time.getMonth()]} ${two(time.getDate())} ${time.getFullYear()} ${clock(time)}`,
  ),
  /** Huawei: `Mar  5 2026 11:22:33`. */
  huawei: new TimeFormat(1000, (time) => `${monthAndDay(time)} ${time.getFullYear()} ${clock(time)}`),
  /** RFC 3339 with milliseconds, UTC. */
  rfc3339: new TimeFormat(1, (time) => time.toISOString()),
  /** `2026-03-05`. */
  date: new TimeFormat(1000, (time) => date(time, '-')),
  /** `11:22:33`. */
  clock: new TimeFormat(1000, clock),
  /** PAN-OS: `2026/03/05 11:22:33`. */
  slashed: new TimeFormat(1000, (time) => `${date(time, '/')} ${clock(time)}`),
  /** `+0100`. */
  zone: new TimeFormat(60_000, zone),
  /** Nanoseconds since the Unix epoch. */
  epochNanoseconds: new TimeFormat(1, (time) => `${time.getTime()}000000`),
  /** Milliseconds since the Unix epoch. */
  epochMilliseconds: new TimeFormat(1, (time) => String(time.getTime())),
  /** Windows agents: `Thu Mar 05 11:22:33 2026`. */
  windows: new TimeFormat(
    1000,
    (time) =>
      `${DAYS[time.getDay()]} ${MONTHS[time.getMonth()]} ${two(time.getDate())} ${clock(time)} ${time.getFullYear()}`,
  ),
} as const;
