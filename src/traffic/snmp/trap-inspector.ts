import { LOSSES } from '../../../collectors/accounts/loss-table.ts';
import type { Datagram } from '../../../collectors/datagram.ts';
import { BerReader } from '../../../collectors/snmp/ber/ber-reader.ts';
import type { SnmpTotals } from '../../../collectors/snmp/decoder-options.ts';
import { type Envelope, readEnvelope, readV3Message } from '../../../collectors/snmp/message/envelope.ts';
import { SnmpNames } from '../../../collectors/snmp/names/snmp-names.ts';
import { nameTable } from '../../../collectors/snmp/names/standard-names.ts';
import type { SecurityLevel, SecurityProcessor, SecurityResult, V3Message } from '../../../collectors/snmp/security.ts';
import { readSecurityParameters } from '../../../collectors/snmp/usm/message/security-parameters.ts';
import { SnmpDecoder } from '../../../collectors/snmp/snmp-decoder.ts';
import { SNMP_TRAPS } from '../../../collectors/snmp/tables.ts';
import { MemoryRows, type Row } from '../memory-rows.ts';

/** What can be read of SNMPv3 without its keys. */
export interface V3Header {
  readonly received_at: number;
  readonly device: string;
  readonly version: 3;
  readonly level: SecurityLevel;
  readonly user: string;
  readonly engine_id: string;
  readonly engine_boots: number;
  readonly engine_time: number;
  readonly message_id: number;
  readonly encrypted: boolean;
}

const AUTH = 1;
const PRIV = 2;

/** Decodes notifications as the collector would with every community allowed, and with no keys: no digest is looked at. */
export class TrapInspector {
  readonly #rows = new MemoryRows(SNMP_TRAPS);
  readonly #reader = new BerReader();
  readonly #outline: Envelope = { version: 1, start: 0, end: 0, communityStart: 0, communityStop: 0 };
  readonly #decoder = new SnmpDecoder(
    { rawPerMinutePerSource: 1e9, rawPerMinute: 1e9 },
    {
      traps: this.#rows,
      losses: new MemoryRows(LOSSES),
      acceptance: { whenAccepted: () => {}, hasRoom: () => true, whenRoom: () => Promise.resolve() },
      reply: () => {},
      security: new Unverified(),
      naming: new SnmpNames(nameTable()),
    },
  );

  /** A row of `snmp_traps`; of an encrypted message, or one that is no notification, what its header says. */
  inspect(datagram: Datagram): { readonly rows: readonly Row[]; readonly header: V3Header | undefined } {
    this.#decoder.decode(datagram);
    const rows = this.#rows.take();
    return { rows, header: rows.length > 0 ? undefined : this.#headerOf(datagram) };
  }

  get totals(): Readonly<SnmpTotals> {
    return this.#decoder.totals;
  }

  #headerOf({ bytes, receivedAtMicros, sourceAddress }: Datagram): V3Header | undefined {
    this.#reader.open(bytes, 0);
    if (readEnvelope(this.#reader, this.#outline) !== undefined || this.#outline.version !== 3) return undefined;
    const message = readV3Message(this.#reader, this.#outline.end);
    if (typeof message === 'string') return undefined;
    const parameters = readSecurityParameters(message);
    return {
      received_at: receivedAtMicros,
      device: sourceAddress,
      version: 3,
      level: levelOf(message),
      user: parameters?.userName.toString('utf8') ?? '',
      engine_id: parameters?.engineId.toString('hex') ?? '',
      engine_boots: parameters?.boots ?? 0,
      engine_time: parameters?.time ?? 0,
      message_id: message.msgId,
      encrypted: (message.flags & PRIV) !== 0,
    };
  }
}

/** Takes everything in clear text at its word: who looks at a capture wants to see what it says. */
class Unverified implements SecurityProcessor {
  process(message: V3Message): SecurityResult {
    const parameters = readSecurityParameters(message);
    if (parameters === undefined) return { kind: 'refused', reason: 'security-parameters' };
    if ((message.flags & PRIV) !== 0) return { kind: 'refused', reason: 'encrypted' };
    return {
      kind: 'ok',
      scopedPdu: message.scopedPduData,
      level: levelOf(message),
      user: parameters.userName.toString('utf8'),
      engineId: parameters.engineId,
      boots: parameters.boots,
      time: parameters.time,
      flags: ['unverified'],
      respond: () => Buffer.alloc(0),
    };
  }
}

function levelOf({ flags }: V3Message): SecurityLevel {
  if ((flags & PRIV) !== 0) return 'authPriv';
  return (flags & AUTH) === 0 ? 'noAuthNoPriv' : 'authNoPriv';
}
