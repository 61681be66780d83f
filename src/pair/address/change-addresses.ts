import { networkInterfaces } from 'node:os';
import type { VirtualAddress } from '../../../ha/role/ports.ts';
import { parseInterfaceAddress } from '../../../ha/virtual-ip/interface-address.ts';
import type { Clock } from '../../runtime/clock.ts';
import { DogwatchError } from '../../runtime/errors.ts';

const LOOK_EVERY_MS = 50;
const WITHIN_MS = 5000;

/**
 * Gives the driver other virtual addresses, while the collector runs.
 * @param written like `10.0.0.50/24`
 * @param isHeld whether this node has the role: then they are on this machine when it is done, so that listeners can be opened on them
 * @throws DogwatchError `ADDRESS_MALFORMED`; `ADDRESS_REFUSED`: they have not come
 */
export async function changeAddresses(
  driver: VirtualAddress,
  written: readonly string[],
  isHeld: boolean,
  clock: Clock,
): Promise<void> {
  if (driver.change === undefined) return;
  const wanted = written.map(parseInterfaceAddress);
  await driver.change(wanted);
  if (!isHeld) return;
  // The role holds them at its next beat.
  for (const end = clock.monotonicMs() + WITHIN_MS; !areHere(wanted.map(({ address }) => address));) {
    if (clock.monotonicMs() > end)
      throw new DogwatchError('ADDRESS_REFUSED', `${written.join(', ')} did not come within ${WITHIN_MS / 1000} s`);
    await new Promise<void>((resolve) => void clock.after(LOOK_EVERY_MS, resolve));
  }
}

function areHere(addresses: readonly string[]): boolean {
  const here = new Set(Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)));
  return addresses.every((address) => here.has(address));
}
