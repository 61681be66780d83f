import { parseAddress } from '../../ip-address.ts';

/** Protocols whose exporters teach something; datagrams of the others say all by themselves. */
export type TaughtProtocol = 'netflow9' | 'ipfix';

/** What a key says: the exporter, and the words behind it. */
export interface WarmKey {
  readonly protocol: TaughtProtocol;
  /** As the listener writes it. */
  readonly address: string;
  readonly observationDomain: number;
  readonly words: readonly string[];
}

/** A transport session within its exporter: the pair of ports. */
export interface PortPair {
  readonly exporterPort: number;
  readonly localPort: number;
}

/** An IPv6 address with a zone, and some room. */
const MAX_ADDRESS_LENGTH = 80;
const MAX_WORDS = 8;
const MAX_UINT32 = 0xff_ff_ff_ff;
const MAX_UINT16 = 0xff_ff;

/** How keys of all that one exporter taught begin: `netflow9 192.0.2.1 0`. */
export function exporterPrefix(protocol: TaughtProtocol, address: string, observationDomain: number): string {
  return `${protocol} ${address} ${observationDomain}`;
}

/** `2055 9995`, from a session's key. */
export function portWords(sessionKey: number): string {
  return `${Math.floor(sessionKey / 65_536)} ${sessionKey % 65_536}`;
}

/** Undefined where it is none. */
export function parseWarmKey(key: string): WarmKey | undefined {
  const [protocol, address = '', domain = '', ...words] = key.split(' ', MAX_WORDS);
  const observationDomain = parseNumber(domain, MAX_UINT32);
  if ((protocol !== 'netflow9' && protocol !== 'ipfix') || observationDomain === undefined) return undefined;
  if (address.length > MAX_ADDRESS_LENGTH || parseAddress(address) === undefined) return undefined;
  return { protocol, address, observationDomain, words };
}

export function parsePorts(words: readonly string[]): PortPair | undefined {
  const exporterPort = parseNumber(words[0], MAX_UINT16);
  const localPort = parseNumber(words[1], MAX_UINT16);
  return exporterPort === undefined || localPort === undefined ? undefined : { exporterPort, localPort };
}

/** A whole number from 0 to `most`, written in decimal digits. */
export function parseNumber(word: string | undefined, most = MAX_UINT32): number | undefined {
  if (word === undefined || !/^\d{1,10}$/.test(word)) return undefined;
  const value = Number(word);
  return value <= most ? value : undefined;
}
