import { Device } from './device.ts';

/**
 * The devices that are remembered, by address; bounded, least recently used first. The order of use is a linked list through
 * the devices, since it changes with every message.
 */
export class DeviceTable {
  evictions = 0;
  readonly #capacity: number;
  readonly #forgotten: (device: Device) => void;
  readonly #byAddress = new Map<string, Device>();
  #newest: Device | undefined;
  #oldest: Device | undefined;

  /** `forgotten` is told of each device that has to go, while it still has its counts. */
  constructor(capacity: number, forgotten: (device: Device) => void) {
    this.#capacity = capacity;
    this.#forgotten = forgotten;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** The device, remembered from now on, which becomes the most recently used. */
  at(address: string, nowMicros: number): Device {
    const newest = this.#newest;
    if (newest !== undefined && newest.address === address) return newest;
    const known = this.#byAddress.get(address);
    if (known === undefined) return this.#add(address, nowMicros);
    this.#unlink(known);
    this.#link(known);
    return known;
  }

  forget(device: Device): void {
    this.#forgotten(device);
    this.#byAddress.delete(device.address);
    this.#unlink(device);
  }

  /** Least recently used first. The current one may be forgotten meanwhile. */
  *[Symbol.iterator](): IterableIterator<Device> {
    let device = this.#oldest;
    while (device !== undefined) {
      const next: Device | undefined = device.newer;
      yield device;
      device = next;
    }
  }

  #add(address: string, nowMicros: number): Device {
    if (this.#oldest !== undefined && this.#byAddress.size >= this.#capacity) {
      this.evictions += 1;
      this.forget(this.#oldest);
    }
    const device = new Device(address, nowMicros);
    this.#byAddress.set(address, device);
    this.#link(device);
    return device;
  }

  #link(device: Device): void {
    device.older = this.#newest;
    device.newer = undefined;
    if (this.#newest === undefined) this.#oldest = device;
    else this.#newest.newer = device;
    this.#newest = device;
  }

  #unlink(device: Device): void {
    if (device.older === undefined) this.#oldest = device.newer;
    else device.older.newer = device.newer;
    if (device.newer === undefined) this.#newest = device.older;
    else device.newer.older = device.older;
    device.newer = undefined;
    device.older = undefined;
  }
}
