import { BerReader } from '../../collectors/snmp/ber/ber-reader.ts';
import { type Envelope, readEnvelope, readV3Message } from '../../collectors/snmp/message/envelope.ts';
import type { V3Message } from '../../collectors/snmp/security.ts';
import type { EngineClock } from '../../collectors/snmp/usm/engines/engine-identity.ts';

/** The outside of an SNMPv3 message as the message room reads it, or undefined if it refuses that. */
export function v3MessageOf(bytes: Buffer): V3Message | undefined {
  const reader = new BerReader();
  const envelope: Envelope = { version: 3, start: 0, end: 0, communityStart: 0, communityStop: 0 };
  reader.open(bytes, 0);
  if (readEnvelope(reader, envelope) !== undefined || envelope.version !== 3) return undefined;
  const message = readV3Message(reader, envelope.end);
  return typeof message === 'string' ? undefined : message;
}

/** An engine of ours whose clock stands where a test puts it. */
export class StandingEngine implements EngineClock {
  engineId = Buffer.from('80000000050102030405060708090a0b0c0d0e0f10', 'hex');
  boots = 7;
  seconds = 1000;

  time(): number {
    return this.seconds;
  }
}

/** A datagram's source, one second after the other. */
export function sourceAt(seconds = 1_700_000_000, address = '192.0.2.1') {
  return { sourceAddress: address, sourcePort: 40_000, receivedAtMicros: seconds * 1_000_000 };
}
