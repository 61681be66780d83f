import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { endianness } from 'node:os';

/**
 * Datagrams that the kernel dropped at a bound UDP socket, mostly for want of room in its receive buffer: the last
 * column of /proc/net/udp and /proc/net/udp6 (Linux; proc(5)).
 */
export class KernelDrops {
  readonly #file: string;
  readonly #localAddress: string;

  /** `address`: the local one that the socket is bound to, without a zone. */
  constructor(address: string, port: number) {
    const ipv6 = isIP(address) === 6;
    this.#file = ipv6 ? '/proc/net/udp6' : '/proc/net/udp';
    const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
    this.#localAddress = `${kernelHex(ipv6 ? ipv6Bytes(address) : ipv4Bytes(address))}:${hexPort}`;
  }

  /** The count since the socket was opened; 0 where the kernel does not tell (not Linux). */
  async read(): Promise<number> {
    let table: string;
    try {
      table = await readFile(this.#file, 'latin1');
    } catch {
      return 0;
    }
    return dropsIn(table, this.#localAddress);
  }
}

/** The sum over all lines for `localAddress`, in the kernel's own spelling `HEX:PORT`. */
export function dropsIn(table: string, localAddress: string): number {
  let drops = 0;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[1] === localAddress) drops += Number(columns.at(-1));
  }
  return drops;
}

/** The kernel prints each 32-bit word of an address in the machine's own byte order. */
function kernelHex(address: Buffer): string {
  const words = Buffer.from(address);
  if (endianness() === 'LE') words.swap32();
  return words.toString('hex').toUpperCase();
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser knows every spelling of an IPv6 address and writes the one of RFC 5952, without dotted quads.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'));
  const zeros = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(tail === undefined ? 0 : zeros).fill('0'), ...groups(tail)];
  const bytes = Buffer.alloc(16);
  all.forEach((group, index) => bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2));
  return bytes;
}
