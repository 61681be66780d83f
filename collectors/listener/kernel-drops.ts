import { readlinkSync } from 'node:fs';
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
  readonly #inode: string | undefined;

  /**
   * @param address the local one that the socket is bound to, without a zone
   * @param fd of the socket, where others may be bound to the same address and port: its own line is then found by its inode, also
   *   when the process may not look at its own descriptors any more (after it gave up root)
   */
  constructor(address: string, port: number, fd?: number) {
    const ipv6 = isIP(address) === 6;
    this.#inode = fd === undefined ? undefined : inodeOf(fd);
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
    return this.#inode === undefined ? dropsIn(table, this.#localAddress) : dropsOfInode(table, this.#inode);
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

/** Those of one socket. */
export function dropsOfInode(table: string, inode: string): number {
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[INODE_COLUMN] === inode) return Number(columns.at(-1));
  }
  return 0;
}

/** sl local remote st tx:rx tr:when retrnsmt uid timeout *inode* ref pointer drops */
const INODE_COLUMN = 9;

/** `socket:[21013]` is what a descriptor of a socket links to (proc(5)). */
function inodeOf(fd: number): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
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
