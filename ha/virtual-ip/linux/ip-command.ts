import { DogwatchError } from '../../../src/runtime/errors.ts';
import { canonicalAddress } from '../interface-address.ts';
import { type CommandResult, describeFailure, findProgram, runBounded } from '../bounded-command.ts';

/** An address as the kernel has it. */
export interface ObservedAddress {
  readonly address: string;
  readonly prefixLength: number;
  /** Seconds that are left; `Infinity`: for ever. */
  readonly validSeconds: number;
  /** Another machine answered for it when it was added (RFC 4862, section 5.4.5), so the kernel does not use it. */
  readonly isDuplicate: boolean;
}

export interface ObservedInterface {
  readonly name: string;
  readonly mac: string;
  /** Set up by the administrator, and with a carrier. */
  readonly isUp: boolean;
  readonly addresses: readonly ObservedAddress[];
}

/** What `ip -json address show` prints, as far as we read it. */
interface IpLink {
  readonly ifname?: string;
  readonly address?: string;
  readonly flags?: readonly string[];
  readonly addr_info?: readonly IpAddress[];
}

interface IpAddress {
  readonly local?: string;
  readonly prefixlen?: number;
  readonly valid_life_time?: number;
  readonly dadfailed?: boolean;
}

// linux/rtnetlink.h, INFINITY_LIFE_TIME
const FOR_EVER = 0xff_ff_ff_ff;

/**
 * Gives `lines` to one `ip -batch -`; those after a line that fails are run as well. About 4 ms, for any number of lines.
 * @returns what it printed, and what each line that failed said
 * @throws DogwatchError `ADDRESS_REFUSED`: `ip` is missing, or hangs
 */
export async function runIp(
  lines: readonly string[],
  limitMs: number,
  signal?: AbortSignal,
): Promise<{ printed: unknown[][]; complaints: string }> {
  const path = findProgram('ip');
  if (path === undefined) {
    throw new DogwatchError('ADDRESS_REFUSED', 'the command ip is not installed', { remedy: 'Install iproute2.' });
  }
  const input = `${lines.join('\n')}\n`;
  const result = await runBounded(path, ['-json', '-force', '-batch', '-'], {
    limitMs,
    input,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.code === undefined) {
    throw new DogwatchError('ADDRESS_REFUSED', `ip was not done: ${describeFailure(result)}`);
  }
  return { printed: readJsonLines(result), complaints: complaintsOf(result) };
}

/** The line that makes `ip` print an interface, for `readInterface`. */
export function showInterface(name: string): string {
  return `address show dev ${name}`;
}

/** @returns undefined where there is no such interface among what was printed */
export function readInterface(printed: readonly unknown[][], name: string): ObservedInterface | undefined {
  const links = printed.flat().filter(isObject) as readonly IpLink[];
  // The last one: a batch may show the same interface before and after.
  const link = links.findLast((each) => each.ifname === name);
  if (link === undefined) return undefined;
  const flags = link.flags ?? [];
  return {
    name,
    mac: (link.address ?? '').toLowerCase(),
    isUp: flags.includes('UP') && flags.includes('LOWER_UP'),
    addresses: (link.addr_info ?? []).map((each) => ({
      address: canonicalAddress(each.local ?? ''),
      prefixLength: each.prefixlen ?? 0,
      validSeconds: each.valid_life_time === FOR_EVER ? Infinity : (each.valid_life_time ?? Infinity),
      isDuplicate: each.dadfailed === true,
    })),
  };
}

function readJsonLines({ stdout }: CommandResult): unknown[][] {
  return stdout.split('\n').flatMap((line) => {
    if (!line.startsWith('[')) return [];
    try {
      const value: unknown = JSON.parse(line);
      return Array.isArray(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

/** `Command failed -:3` is ip's own bookkeeping. */
function complaintsOf({ stderr }: CommandResult): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('Command failed')).join('; ');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
