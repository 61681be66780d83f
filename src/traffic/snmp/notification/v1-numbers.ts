const SNMP_TRAPS = '1.3.6.1.6.3.1.1.5';
/** generic-trap of what no RFC numbers. */
const ENTERPRISE_SPECIFIC = 6;

/** How a Trap-PDU of v1 names a notification. */
export interface V1Numbers {
  readonly enterprise: string;
  readonly generic: number;
  readonly specific: number;
}

/**
 * From the OID of a notification to the numbers of v1 (RFC 3584 section 3.2).
 * @param enterprise the value of snmpTrapEnterprise.0 where the notification has one; only the six generic traps carry it
 */
export function v1NumbersOf(trapOid: string, enterprise: string = SNMP_TRAPS): V1Numbers {
  const cut = trapOid.lastIndexOf('.');
  const [parent, last] = [trapOid.slice(0, cut), Number(trapOid.slice(cut + 1))];
  if (parent === SNMP_TRAPS && last >= 1 && last <= ENTERPRISE_SPECIFIC)
    return { enterprise, generic: last - 1, specific: 0 };
  const own = parent.endsWith('.0') ? parent.slice(0, -2) : parent;
  return { enterprise: own, generic: ENTERPRISE_SPECIFIC, specific: last };
}
