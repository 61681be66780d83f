import { COUNTER32, GAUGE32, INTEGER, IP_ADDRESS, OBJECT_IDENTIFIER, TIME_TICKS, TRAP_V1 } from '../ber/tags.ts';
import { type Pdu, unsigned32At } from '../message/pdu.ts';
import { ENTERPRISE_SPECIFIC, isGeneric, trapOidOfV1 } from '../message/trap-v1.ts';
import type { KnownOid, KnownTrap, OidTable } from '../varbind/oid-table.ts';
import { VarbindJson } from '../varbind/varbind-json.ts';

/** What was out of the ordinary and accepted; the column `flags`. SNMPv3 security has some of its own. */
export type NotificationFlag =
  | 'v1-pdu-in-v2c'
  | 'v1-pdu-in-v3'
  | 'v2-pdu-in-v1'
  /** Behind the message, or within it where nothing should follow. */
  | 'trailing-bytes'
  /** An OID without content, read as 0.0. */
  | 'empty-oid'
  | 'no-uptime'
  /** sysUpTime.0 with another type than TimeTicks. */
  | 'uptime-type'
  | 'no-trap-oid'
  /** generic-trap of v1 below 0 or above 6. */
  | 'generic-trap'
  /** agent-addr of v1 that is no address. */
  | 'agent-address'
  /** snmpTrapCommunity.0 was there: a password, and is not stored. */
  | 'community-removed'
  /** More varbinds than a row takes; the last ones are gone. */
  | 'varbinds-cut';

/**
 * Reads what a PDU that was taken apart says as a notification: version 1 is mapped to version 2 by RFC 3584 section 3.1, and
 * varbinds that are columns of their own, or a community, are left out of the others. Used over and over.
 */
export class NotificationReader {
  readonly pdu: Pdu;
  readonly flags: NotificationFlag[] = [];
  isV1 = false;
  /** -1: not said. */
  uptime = -1;
  trapOid: Buffer | undefined;
  trapName: Buffer | undefined;
  enterprise: Buffer | undefined;
  /** Offset into `pdu.bytes`; length 0: not said. */
  agentStart = 0;
  agentLength: 0 | 4 | 16 = 0;
  /** The column `varbinds` is the first `jsonLength` of these bytes. */
  jsonLength = 0;
  readonly #oids: OidTable;
  readonly #varbinds: VarbindJson;

  constructor(pdu: Pdu, oids: OidTable) {
    this.pdu = pdu;
    this.#oids = oids;
    this.#varbinds = new VarbindJson(oids);
  }

  get json(): Buffer {
    return this.#varbinds.bytes;
  }

  /** Reads `pdu` as it is now. */
  read(): void {
    const { pdu } = this;
    this.flags.length = 0;
    this.isV1 = pdu.tag === TRAP_V1;
    this.uptime = pdu.uptime;
    this.trapOid = undefined;
    this.trapName = undefined;
    this.enterprise = pdu.enterprise?.textBytes;
    this.agentLength = 0;
    if (this.isV1) this.#readV1();
    this.#readVarbinds();
    if (this.uptime < 0) this.flags.push('no-uptime');
    if (this.trapOid === undefined) this.flags.push('no-trap-oid');
    if (pdu.trailingBytes) this.flags.push('trailing-bytes');
    if (pdu.emptyOid) this.flags.push('empty-oid');
  }

  #readV1(): void {
    const { pdu } = this;
    if (pdu.enterprise !== undefined) {
      const trap = this.#trapOfV1(pdu.enterprise, pdu.generic, pdu.specific);
      this.trapOid = trap.textBytes;
      this.trapName = trap.nameBytes;
    }
    if (!isGeneric(pdu.generic) && pdu.generic !== ENTERPRISE_SPECIFIC) this.flags.push('generic-trap');
    if (!this.#takeAddress(pdu.agentStart, pdu.agentLength)) this.flags.push('agent-address');
  }

  #trapOfV1(enterprise: KnownOid, generic: number, specific: number): KnownTrap {
    // One number for both, that no specific trap of 48 bits has.
    const number = isGeneric(generic) ? generic + 0.5 : specific;
    if (enterprise.specific?.number !== number) {
      enterprise.specific = this.#oids.trap(trapOidOfV1(enterprise.text, generic, specific), number);
    }
    return enterprise.specific;
  }

  #readVarbinds(): void {
    const { pdu } = this;
    const { count, names, tags, starts, stops } = pdu;
    this.#varbinds.begin();
    for (let index = 0; index < count; index += 1) {
      const oid = names[index];
      if (oid === undefined) break;
      const tag = tags[index] ?? 0;
      const start = starts[index] ?? 0;
      const stop = stops[index] ?? 0;
      if (oid.role !== undefined && this.#takeRole(oid, tag, start, stop)) continue;
      if (this.#varbinds.add(oid, tag, pdu.bytes, start, stop)) continue;
      this.flags.push('varbinds-cut');
      break;
    }
    this.jsonLength = this.#varbinds.end();
  }

  /** Whether the varbind is told elsewhere in the row, or must not be told. */
  #takeRole(oid: KnownOid, tag: number, start: number, stop: number): boolean {
    switch (oid.role) {
      case 'uptime':
        return this.#takeUptime(tag, start, stop);
      case 'trap-oid':
        return this.#takeTrapOid(tag, start, stop);
      case 'trap-address':
        if (this.agentLength === 0 && tag === IP_ADDRESS) this.#takeAddress(start, stop - start);
        return false;
      case 'trap-enterprise':
        if (tag === OBJECT_IDENTIFIER) this.enterprise ??= this.#oids.find(this.pdu.bytes, start, stop)?.textBytes;
        return false;
      case 'trap-community':
        if (!this.flags.includes('community-removed')) this.flags.push('community-removed');
        return true;
      case undefined:
        break;
    }
    return false;
  }

  /** Of v1 the header has one; a second one is like any other varbind. */
  #takeUptime(tag: number, start: number, stop: number): boolean {
    if (this.uptime >= 0 || (tag !== TIME_TICKS && tag !== INTEGER && tag !== GAUGE32 && tag !== COUNTER32))
      return false;
    const uptime = unsigned32At(this.pdu.bytes, start, stop);
    if (uptime < 0) return false;
    this.uptime = uptime;
    if (tag !== TIME_TICKS) this.flags.push('uptime-type');
    return true;
  }

  #takeTrapOid(tag: number, start: number, stop: number): boolean {
    if (this.trapOid !== undefined || tag !== OBJECT_IDENTIFIER) return false;
    const oid = this.#oids.find(this.pdu.bytes, start, stop);
    this.trapOid = oid?.textBytes;
    this.trapName = oid?.nameBytes;
    return true;
  }

  #takeAddress(start: number, length: number): boolean {
    if (length !== 4 && length !== 16) return false;
    this.agentStart = start;
    this.agentLength = length;
    return true;
  }
}
