import type { Clock } from '../../src/runtime/clock.ts';
import { DogwatchError } from '../../src/runtime/errors.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { VirtualAddress } from '../role/ports.ts';
import { CommandAddress } from './command/command-address.ts';
import { type InterfaceAddress, parseInterfaceAddress } from './interface-address.ts';
import { LinuxAddress } from './linux/linux-address.ts';
import { noAddress } from './no-address.ts';

/** What the configuration says of the virtual IP, and what only the running pair knows. */
export interface VirtualIpOptions {
  readonly driver: 'linux' | 'command' | 'none';
  /** Like `10.0.0.50/24`. */
  readonly addresses: readonly string[];
  readonly interface: string;
  readonly node: string;
  /** Driver `command`: absolute path of the program. */
  readonly command?: string;
  readonly commandParameters?: readonly string[];
  readonly commandTimeoutMs?: number;
  readonly commandRefreshMs?: number;
  readonly epoch: () => number;
  readonly peerMacs: () => readonly string[];
  readonly neighbours: () => readonly string[];
}

/**
 * The virtual IP by the driver that was chosen; it does nothing until it is asked to.
 * @throws DogwatchError `ADDRESS_MALFORMED`, `INTERFACE_MALFORMED`, `COMMAND_MISSING`
 */
export function createVirtualAddress(options: VirtualIpOptions, clock: Clock, log: Log): VirtualAddress {
  if (options.driver === 'none') return noAddress;
  const addresses: readonly InterfaceAddress[] = options.addresses.map(parseInterfaceAddress);
  if (options.driver === 'linux') {
    const { peerMacs, neighbours } = options;
    return new LinuxAddress(
      { interface: interfaceName(options.interface), addresses, peerMacs, neighbours },
      clock,
      log,
    );
  }
  if (options.command === undefined || !options.command.startsWith('/')) {
    throw new DogwatchError('COMMAND_MISSING', 'the driver command needs the absolute path of a program', {
      remedy: 'Set ha.command, or choose another ha.driver.',
    });
  }
  const more = {
    ...(options.commandParameters === undefined ? {} : { parameters: options.commandParameters }),
    ...(options.commandTimeoutMs === undefined ? {} : { timeoutMs: options.commandTimeoutMs }),
    ...(options.commandRefreshMs === undefined ? {} : { refreshMs: options.commandRefreshMs }),
  };
  const { command, interface: name, node, epoch } = options;
  return new CommandAddress({ command, addresses, interface: name, node, epoch, ...more }, clock, log);
}

// The name becomes part of commands and of a path below /proc; the kernel allows no more (`dev_valid_name` in net/core/dev.c).
function interfaceName(name: string): string {
  if (/^[\w.@+][\w.@+-]{0,14}$/.test(name) && name !== '.' && name !== '..') return name;
  throw new DogwatchError('INTERFACE_MALFORMED', `"${name}" is not the name of an interface`, {
    remedy: 'Set ha.interface to one that `ip link` shows.',
  });
}
