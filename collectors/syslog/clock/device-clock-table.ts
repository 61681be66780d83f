import type { Clock } from '../../../src/runtime/clock.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { RateLimit } from '../../../src/runtime/rate-limit.ts';
import { RecentMap } from '../../recent-map.ts';
import { ClockOffset } from './clock-offset.ts';
import type { DeviceClocks } from './device-time.ts';

interface DeviceClock {
  readonly offset: ClockOffset;
  /** The zone's error that the log was told of, in minutes. */
  reportedZoneMinutes: number;
}

const QUARTER_MICROS = 15 * 60_000_000;
/** An offset this near to whole quarter hours is a wrong zone, and the rest the clock. */
const ZONE_REST_MICROS = 60_000_000;
/** Zones are at most so far apart: UTC−12 and UTC+14. */
const MOST_QUARTERS = 26 * 4;
const MAX_LINES = 10;
const LINES_INTERVAL_MS = 60_000;

/** The clocks of all devices, a bounded number of them. */
export class DeviceClockTable implements DeviceClocks {
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
    if (known === undefined) {
      known = { offset: new ClockOffset(), reportedZoneMinutes: 0 };
      this.#devices.set(device, known);
    }
    known.offset.observe(receivedAtMicros, deviceTimeMicros - receivedAtMicros);
    const { estimate } = known.offset;
    if (estimate === undefined) return undefined;
    if (!zoneKnown && (estimate > ZONE_REST_MICROS || estimate < -ZONE_REST_MICROS))
      this.#doubtZone(device, known, estimate);
    return Math.round(estimate / 1000);
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

/** The whole quarter hours, in minutes, that explain an offset; 0 where they do not. Positive: further east than assumed. */
export function zoneErrorMinutes(offsetMicros: number): number {
  const quarters = Math.round(offsetMicros / QUARTER_MICROS);
  if (Math.abs(quarters) > MOST_QUARTERS) return 0;
  return Math.abs(offsetMicros - quarters * QUARTER_MICROS) <= ZONE_REST_MICROS ? quarters * 15 : 0;
}
