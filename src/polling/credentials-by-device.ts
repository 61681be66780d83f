import { BlockList, isIP } from 'node:net';
import type { PollCredential, PollRule } from './poll-credential.ts';

interface Entry {
  readonly bits: number;
  readonly prefix: BlockList;
  readonly credential: PollCredential;
}

/** Finds how a device is polled: the longest prefix that holds its address. A device that none holds is never asked. */
export class CredentialsByDevice {
  readonly #entries: readonly Entry[];
  /** Single addresses that are named: polled whether or not they have sent anything. */
  readonly named: readonly string[];

  constructor(rules: readonly PollRule[]) {
    const entries = rules.flatMap(({ devices, credential }) => devices.map((device) => entryOf(device, credential)));
    this.#entries = entries.toSorted((one, other) => other.bits - one.bits);
    this.named = rules.flatMap(({ devices }) => devices.flatMap(singleAddress));
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** `device`: an address, normalised. */
  of(device: string): PollCredential | undefined {
    const family = isIP(device) === 6 ? 'ipv6' : 'ipv4';
    return this.#entries.find(({ prefix }) => prefix.check(device, family))?.credential;
  }
}

/** The address, where a prefix holds no more than one. A scope is of this machine, and no device is known by it. */
function singleAddress(device: string): string[] {
  const [address = '', bits] = device.split('/');
  const width = isIP(address) === 6 ? 128 : 32;
  return (bits === undefined || Number(bits) === width) && !address.includes('%') ? [address] : [];
}

function entryOf(device: string, credential: PollCredential): Entry {
  const [address = '', bits] = device.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const width = family === 'ipv6' ? 128 : 32;
  const length = bits === undefined ? width : Number(bits);
  const prefix = new BlockList();
  prefix.addSubnet(address, length, family);
  // Of both families the longer of two prefixes is the one that leaves fewer addresses open.
  return { bits: length - width, prefix, credential };
}
