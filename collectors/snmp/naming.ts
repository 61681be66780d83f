/** What the message room asks of those who know MIBs. OIDs are dotted numbers without a leading dot. Implemented in `names/`. */
export interface SnmpNaming {
  /** Raised whenever names change, so that what was remembered is asked again. */
  readonly generation: number;
  /**
   * The object, notification or identity that `oid` is or is an instance of; undefined when nothing better than numbers is
   * known. The answer is remembered for each OID until `generation` changes: it depends on `oid` alone.
   */
  lookUp(oid: string): SnmpName | undefined;
}

export interface SnmpName {
  /** `MODULE::name`, for an instance with its index: `IF-MIB::ifOperStatus.3`, `SNMPv2-MIB::sysUpTime.0`. */
  readonly name: string;
  /** An INTEGER, counter, gauge or TimeTicks for people: `down(2)`, `12.5`. undefined: as the number stands. */
  integerText?(value: number): string | undefined;
  /** An OCTET STRING or BITS for people: DISPLAY-HINT, MAC address, DateAndTime, names of bits. `value` is valid during the call. */
  octetsText?(value: Buffer): string | undefined;
}
