import { readFile, writeFile } from 'node:fs/promises';
import { DogwatchError, messageOf } from '../../../src/runtime/errors.ts';

/**
 * The kernel setting `arp_ignore` of an interface. At 1 it answers for addresses on that very interface only, not for one that
 * lingers on `lo` (Linux, Documentation/networking/ip-sysctl.rst).
 */
export class ArpIgnore {
  readonly #file: string;
  #original: string | undefined;

  constructor(interfaceName: string) {
    this.#file = `/proc/sys/net/ipv4/conf/${interfaceName}/arp_ignore`;
  }

  /** @throws DogwatchError `ADDRESS_REFUSED` */
  async set(): Promise<void> {
    try {
      const value = (await readFile(this.#file, 'utf8')).trim();
      if (value !== '0') return;
      await writeFile(this.#file, '1');
      this.#original ??= value;
    } catch (error) {
      throw new DogwatchError('ADDRESS_REFUSED', `${this.#file} cannot be set: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Never throws: an interface that is gone has no setting to be restored. */
  async restore(): Promise<void> {
    if (this.#original === undefined) return;
    await writeFile(this.#file, this.#original).catch(() => {});
    this.#original = undefined;
  }
}
