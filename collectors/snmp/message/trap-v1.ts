/** From SNMPv1's three ways to say which trap it is to the one OID of SNMPv2: RFC 3584 section 3.1. */

/** generic-trap of RFC 1157 section 4.1.6: 0 coldStart … 5 egpNeighborLoss, 6 enterpriseSpecific. */
export const ENTERPRISE_SPECIFIC = 6;

/** `snmpTraps` of RFC 3418, whose children are the generic traps, counted from 1. */
const SNMP_TRAPS = '1.3.6.1.6.3.1.1.5';

/**
 * snmpTrapOID.0 of a Trap-PDU. A generic trap out of bounds is read as an enterprise's own: (2) and (3) of the section leave
 * nothing else. `specific`: its 32 bits without a sign, should a device send a negative one.
 */
export function trapOidOfV1(enterprise: string, generic: number, specific: number): string {
  if (isGeneric(generic)) return `${SNMP_TRAPS}.${generic + 1}`;
  return `${enterprise}.0.${specific >>> 0}`;
}

export function isGeneric(generic: number): boolean {
  return generic >= 0 && generic < ENTERPRISE_SPECIFIC;
}
