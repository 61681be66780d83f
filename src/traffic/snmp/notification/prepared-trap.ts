import { encodeElement, encodeInteger } from '../../../../collectors/snmp/ber/ber-writer.ts';
import {
  GAUGE32,
  INFORM_REQUEST,
  INTEGER,
  IP_ADDRESS,
  SEQUENCE,
  TIME_TICKS,
  TRAP_V1,
  TRAP_V2,
} from '../../../../collectors/snmp/ber/tags.ts';
import { type BuiltBytes, StampedBytes } from './stamped-bytes.ts';
import { EXAMPLE_ENTERPRISE, type TrapDevice } from './trap-device.ts';
import type { TrapKind } from './trap-kinds.ts';
import { encodeOid, encodeVarbind, object, type Varbind } from './varbind.ts';
import { v1NumbersOf } from './v1-numbers.ts';

export type TrapPdu = 'trap' | 'inform';

/** The varbind with the running number, an Unsigned32. Below the enterprise number for examples. */
export const SEQUENCE_OID = `${EXAMPLE_ENTERPRISE}.1.1.0`;

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';
const ZERO = encodeInteger(INTEGER, 0);

export interface PreparedTrapOptions {
  readonly version: 1 | 2 | 3;
  readonly pdu: TrapPdu;
  readonly kind: TrapKind;
  readonly device: TrapDevice;
  /** What is written around the PDU, which must stay at the end. */
  readonly wrap: (pdu: Buffer) => Buffer;
}

/** One notification of one device, ready but for request-id, sysUpTime and running number. */
export class PreparedTrap {
  readonly #device: TrapDevice;
  readonly #stamped: StampedBytes;
  readonly #numbers = [0, 0, 0];

  constructor({ version, pdu, kind, device, wrap }: PreparedTrapOptions) {
    this.#device = device;
    const varbinds = Buffer.concat(kind.varbinds(device).map(encodeVarbind));
    const build = version === 1 ? trapV1(kind, device, varbinds) : notificationPdu(pdu, kind, varbinds);
    this.#stamped = new StampedBytes((numbers) => {
      const built = build(numbers);
      return { ...built, bytes: wrap(built.bytes) };
    });
  }

  /** Its memory is used again. */
  stamp(requestId: number, sequence: number, nowMs: number): Buffer {
    const numbers = this.#numbers;
    numbers[0] = sequence;
    numbers[1] = this.#device.uptime(nowMs);
    numbers[2] = requestId;
    return this.#stamped.stamp(numbers);
  }
}

type Build = (numbers: readonly number[]) => BuiltBytes;

/** SNMPv2-Trap-PDU or InformRequest-PDU, RFC 3416 section 3. */
function notificationPdu(pdu: TrapPdu, kind: TrapKind, varbinds: Buffer): Build {
  const trapOid = encodeVarbind(object(SNMP_TRAP_OID, kind.oid));
  return ([sequence = 0, uptime = 0, requestId = 0]) => {
    const number = sequenceVarbind(sequence);
    const behindUptime = trapOid.length + varbinds.length + number.length;
    const time = encodeVarbind({ oid: SYS_UP_TIME, value: encodeInteger(TIME_TICKS, uptime) });
    const list = encodeElement(SEQUENCE, time, trapOid, varbinds, number);
    const tag = pdu === 'inform' ? INFORM_REQUEST : TRAP_V2;
    const bytes = encodeElement(tag, encodeInteger(INTEGER, requestId), ZERO, ZERO, list);
    return { bytes, fromEnd: [0, behindUptime, list.length + 2 * ZERO.length] };
  };
}

/** Trap-PDU of RFC 1157 section 4.1.6, from the notification's OID as RFC 3584 section 3.2 says. It has no request-id. */
function trapV1(kind: TrapKind, device: TrapDevice, varbinds: Buffer): Build {
  const { enterprise, generic, specific } = v1NumbersOf(kind.oid, EXAMPLE_ENTERPRISE);
  const head = Buffer.concat([
    encodeOid(enterprise),
    encodeElement(IP_ADDRESS, device.address),
    encodeInteger(INTEGER, generic),
    encodeInteger(INTEGER, specific),
  ]);
  return ([sequence = 0, uptime = 0]) => {
    const list = encodeElement(SEQUENCE, varbinds, sequenceVarbind(sequence));
    const bytes = encodeElement(TRAP_V1, head, encodeInteger(TIME_TICKS, uptime), list);
    return { bytes, fromEnd: [0, list.length] };
  };
}

function sequenceVarbind(sequence: number): Buffer {
  const varbind: Varbind = { oid: SEQUENCE_OID, value: encodeInteger(GAUGE32, sequence) };
  return encodeVarbind(varbind);
}
