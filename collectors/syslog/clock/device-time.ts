/** In which zone a device writes stamps that name none. Looked up for every such message: one look-up in a map. */
export interface ZoneOfDevice {
  /**
   * Minutes east of UTC. `device`: source address, normalised; `atMicros`: when, for daylight saving; the arrival is
   * near enough.
   */
  offsetMinutes(device: string, atMicros: number): number;
}

/** How far the clocks of devices are from ours. */
export interface DeviceClocks {
  /**
   * Takes in one stamp of a device, and gives how far its clock is ahead of the collector's (negative: behind), smoothed,
   * in whole milliseconds; undefined while too little is known. All times in microseconds since the Unix epoch.
   * @param zoneKnown the stamp named its zone, so that the offset is the clock's alone
   */
  observe(device: string, receivedAtMicros: number, deviceTimeMicros: number, zoneKnown: boolean): number | undefined;
}
