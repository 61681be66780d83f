import { parsed } from '../../accounts/loss-account.ts';
import type { Exporter, FlowProtocol } from './exporter.ts';
import type { SequenceTracker } from './sequence.ts';

const FIRST_WORD = 'sequence';
const PROTOCOLS: readonly string[] = ['netflow5', 'netflow7', 'netflow9', 'ipfix', 'sflow5'] satisfies FlowProtocol[];
/** An IPv6 address with a zone, and some room. */
const MAX_KEY_LENGTH = 80;
const MAX_UINT32 = 0xff_ff_ff_ff;

/** Whose sequence numbers, and in which of its sessions. */
export interface NamedSession {
  readonly protocol: FlowProtocol;
  /** As the table knows it. */
  readonly key: string;
  /** Of 4 or 16 bytes. */
  readonly address: Buffer;
  readonly observationDomain: number;
  /** Both ports. */
  readonly sessionKey: number;
}

/** Says in the log whose numbers these are, from now on. */
export function nameSession(sequence: SequenceTracker, exporter: Exporter, sessionKey: number): void {
  const { protocol, key, observationDomain, context } = exporter;
  // The field has its length, family, bits and size in front (PostgreSQL's inet_send).
  const address = context.exporterField.toString('hex', 8);
  sequence.description = JSON.stringify([FIRST_WORD, protocol, key, address, observationDomain, sessionKey]);
  sequence.sessionKey = sessionKey;
  sequence.logSerial = 0;
}

/** Undefined where it is none. */
export function namedSession(description: string): NamedSession | undefined {
  const [word, protocol, key, hex, observationDomain, sessionKey] = parsed(description);
  if (word !== FIRST_WORD || !isProtocol(protocol) || typeof key !== 'string' || key.length > MAX_KEY_LENGTH)
    return undefined;
  const address = Buffer.from(typeof hex === 'string' ? hex : '', 'hex');
  if ((address.length !== 4 && address.length !== 16) || !isUint32(observationDomain) || !isUint32(sessionKey))
    return undefined;
  return { protocol, key, address, observationDomain, sessionKey };
}

function isProtocol(word: unknown): word is FlowProtocol {
  return typeof word === 'string' && PROTOCOLS.includes(word);
}

function isUint32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_UINT32;
}
