import type { Clock } from '../../../src/runtime/clock.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { RateLimit } from '../../../src/runtime/rate-limit.ts';
import { parseAddress } from '../../ip-address.ts';
import { RecentMap } from '../../recent-map.ts';
import { CLOCK_WINDOW_MICROS, ClockOffset } from './clock-offset.ts';
import type { WarmEntry, WarmState } from '../../warm-state.ts';
import { CLOCK_KIND, decodeClock, encodeClock } from './clock-entry.ts';
import type { DeviceClocks } from './device-time.ts';

interface DeviceClock {
  readonly offset: ClockOffset;
  /** The zone's error that the log was told of, in minutes. */
  reportedZoneMinutes: number;
  /** Whether we heard the device ourselves: what others say of it is then not needed, unless it is of a later time. */
  isHeard: boolean;
  /** What others were told, rounded to milliseconds, and when. */
  toldMs: number;
  toldAtMicros: number;
}

const QUARTER_MICROS = 15 * 60_000_000;
/** An offset this near to whole quarter hours is a wrong zone, and the rest the clock. */
const ZONE_REST_MICROS = 60_000_000;
/** Zones are at most so far apart: UTC−12 and UTC+14. */
const MOST_QUARTERS = 26 * 4;
const MAX_LINES = 10;
const LINES_INTERVAL_MS = 60_000;
/** Offsets change with nearly every message; others are told of a device at most so often. */
const TELL_AFTER_MICROS = 10_000_000;
const MAX_DEVICE_LENGTH = 80;

/** The clocks of all devices, a bounded number of them. */
export class DeviceClockTable implements DeviceClocks, WarmState {
  onWarmChange: ((entry: WarmEntry) => void) | undefined;
  readonly #devices: RecentMap<string, DeviceClock>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lines = new RateLimit(MAX_LINES, LINES_INTERVAL_MS);

  constructor(maxDevices: number, clock: Clock, log: Log) {
    this.#devices = new RecentMap(maxDevices);
    this.#clock = clock;
    this.#log = log;
  }

  observe(device: string, receivedAtMicros: number, deviceTimeMicros: number, zoneKnown: boolean): number | undefined {
    let known = this.#devices.get(device);
    known ??= this.#add(device);
    known.isHeard = true;
    known.offset.observe(receivedAtMicros, deviceTimeMicros - receivedAtMicros);
    const { estimate } = known.offset;
    if (estimate === undefined) return undefined;
    if (!zoneKnown && (estimate > ZONE_REST_MICROS || estimate < -ZONE_REST_MICROS))
      this.#doubtZone(device, known, estimate);
    const offsetMs = Math.round(estimate / 1000);
    if (offsetMs !== known.toldMs) this.#tell(device, known, receivedAtMicros);
    return offsetMs;
  }

  *warmEntries(): Iterable<WarmEntry> {
    for (const [device, known] of this.#devices) {
      if (known.offset.estimate !== undefined) yield entryOf(device, known, known.offset.latestMicros);
    }
  }

  restoreWarm({ kind, key, value }: WarmEntry): void {
    const clock = kind === CLOCK_KIND && value !== undefined ? decodeClock(value) : undefined;
    if (clock === undefined || key.length > MAX_DEVICE_LENGTH || parseAddress(key) === undefined) return;
    const known = this.#devices.get(key) ?? this.#add(key);
    const isOurs = known.isHeard && known.offset.estimate !== undefined;
    if (isOurs && clock.atMicros - known.offset.latestMicros < CLOCK_WINDOW_MICROS) return;
    known.offset.restore(clock.atMicros, clock.estimateMicros);
    known.reportedZoneMinutes = clock.reportedZoneMinutes;
    known.toldMs = Math.round(clock.estimateMicros / 1000);
  }

  #add(device: string): DeviceClock {
    const known = {
      offset: new ClockOffset(),
      reportedZoneMinutes: 0,
      isHeard: false,
      toldMs: Number.NaN,
      toldAtMicros: -Infinity,
    };
    this.#devices.set(device, known);
    return known;
  }

  #tell(device: string, known: DeviceClock, nowMicros: number): void {
    // Also where our own clock went back.
    if (Math.abs(nowMicros - known.toldAtMicros) < TELL_AFTER_MICROS) return;
    known.toldAtMicros = nowMicros;
    known.toldMs = Math.round((known.offset.estimate ?? 0) / 1000);
    this.onWarmChange?.(entryOf(device, known, nowMicros));
  }

  #doubtZone(device: string, known: DeviceClock, estimateMicros: number): void {
    const minutes = zoneErrorMinutes(estimateMicros);
    if (minutes === 0 || minutes === known.reportedZoneMinutes) return;
    const { passed, suppressed } = this.#lines.take(this.#clock.monotonicMs());
    // One that found no room in the log is told of by a later message.
    if (!passed) return;
    known.reportedZoneMinutes = minutes;
    const signed = `${minutes > 0 ? '+' : ''}${minutes}`;
    this.#log.warn(
      { device, minutes, remedy: 'set syslog.timeZones for this device', ...(suppressed === 0 ? {} : { suppressed }) },
      `zone looks wrong by ${signed} min`,
    );
  }
}

function entryOf(device: string, { offset, reportedZoneMinutes }: DeviceClock, atMicros: number): WarmEntry {
  const value = encodeClock({ atMicros, estimateMicros: offset.estimate ?? 0, reportedZoneMinutes });
  return { kind: CLOCK_KIND, key: device, value };
}

/** The whole quarter hours, in minutes, that explain an offset; 0 where they do not. Positive: further east than assumed. */
export function zoneErrorMinutes(offsetMicros: number): number {
  const quarters = Math.round(offsetMicros / QUARTER_MICROS);
  if (Math.abs(quarters) > MOST_QUARTERS) return 0;
  return Math.abs(offsetMicros - quarters * QUARTER_MICROS) <= ZONE_REST_MICROS ? quarters * 15 : 0;
}
