import { parseAddress, parsePrefix, type Prefix } from '../../ip-address.ts';
import { RecentMap } from '../../recent-map.ts';
import type { ZoneOfDevice } from './device-time.ts';
import { timeZone, type TimeZone } from './time-zone.ts';

export interface DeviceZonesOptions {
  /** For devices that no prefix has: an IANA name, `+02:00`, or `local`. */
  readonly timeZone: string;
  /** Address or prefix to zone; the longest that matches counts. */
  readonly timeZones: Readonly<Record<string, string>>;
  /** Devices whose zone is remembered; that of others is looked for again. */
  readonly maxDevices: number;
}

/** The zones of devices, by prefix. */
export class DeviceZones implements ZoneOfDevice {
  readonly #general: TimeZone;
  /** The longest first. */
  readonly #prefixes: readonly { readonly prefix: Prefix; readonly zone: TimeZone }[];
  readonly #devices: RecentMap<string, TimeZone>;

  /** @throws DogwatchError `BAD_TIME_ZONE`, `BAD_ADDRESS`; the configuration has checked both */
  constructor(options: DeviceZonesOptions) {
    const zones = new Map<string, TimeZone>();
    const zoneOf = (name: string): TimeZone => {
      const zone = zones.get(name) ?? timeZone(name);
      zones.set(name, zone);
      return zone;
    };
    this.#general = zoneOf(options.timeZone);
    this.#prefixes = Object.entries(options.timeZones)
      .map(([prefix, name]) => ({ prefix: parsePrefix(prefix), zone: zoneOf(name) }))
      .sort((a, b) => b.prefix.bits - a.prefix.bits);
    this.#devices = new RecentMap(options.maxDevices);
  }

  offsetMinutes(device: string, atMicros: number): number {
    if (this.#prefixes.length === 0) return this.#general.offsetMinutes(atMicros);
    let zone = this.#devices.get(device);
    if (zone === undefined) {
      zone = this.#find(device);
      this.#devices.set(device, zone);
    }
    return zone.offsetMinutes(atMicros);
  }

  #find(device: string): TimeZone {
    const address = parseAddress(device);
    if (address === undefined) return this.#general;
    return this.#prefixes.find(({ prefix }) => prefix.matches(address))?.zone ?? this.#general;
  }
}
