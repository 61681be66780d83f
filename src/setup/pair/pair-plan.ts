import { isIPv4 } from 'node:net';

/** A node of a pair that is about to be set up. */
export interface PlannedNode {
  readonly name: string;
  /** Its own. */
  readonly address: string;
  /** Its port of the link, where it is another than the pair's. */
  readonly port?: number;
}

/** What is asked of whoever sets up a pair; what it leaves out keeps its default. */
export interface PairPlan {
  /** Name of the pair in the database. */
  readonly pair: string;
  readonly nodes: readonly [PlannedNode, PlannedNode];
  /** Each with its prefix length. */
  readonly virtualAddresses: readonly string[];
  readonly driver: 'linux' | 'command' | 'none';
  /** Of the first node. */
  readonly interface: string | undefined;
  readonly peerInterface: string | undefined;
  /** Program and arguments of the driver `command`. */
  readonly command: readonly string[];
  readonly port: number | undefined;
  /** PostgreSQL URL. */
  readonly database: string;
  /** Redis URL; undefined: batches wait in a journal. */
  readonly redis: string | undefined;
  /** Folder that both nodes have; undefined: each has a journal of its own. */
  readonly journal: string | undefined;
}

/**
 * `dw-a=192.0.2.11`, or with a port of its own `dw-a=192.0.2.11:8056`, `dw-a=[2001:db8::11]:8056`; undefined where it is none of these.
 * Whether name and address are good is said by the rules of the configuration.
 */
export function parseNode(text: string): PlannedNode | undefined {
  const [, name, rest = ''] = /^([^=\s]+)=(\S+)$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const address = bracketed ?? plain ?? rest;
  return { name, address, ...(port === undefined ? {} : { port: Number(port) }) };
}

/** The prefix length that a virtual IP is given where none was written: that of the own address, else a usual one. */
export function withPrefixLength(address: string, ownPrefixLength: number | undefined): string {
  if (address.includes('/')) return address;
  return `${address}/${ownPrefixLength ?? (isIPv4(address) ? 24 : 64)}`;
}
