import type { RowTable } from '../row-sink.ts';

/** One row a notification, in the order of `storage/schema/0003_snmp.sql`. NULL: not said, or not of this version. */
export const SNMP_TRAPS: RowTable = {
  table: 'snmp_traps',
  columns: [
    // Arrival. Decides the partition.
    { name: 'received_at', type: 'timestamptz' },
    // sysUpTime.0, hundredths of a second.
    { name: 'uptime', type: 'int8' },
    { name: 'request_id', type: 'int8' },
    { name: 'engine_boots', type: 'int8' },
    { name: 'engine_time', type: 'int8' },
    // Of v1 alone; the rest is mapped as RFC 3584 section 3.1 says.
    { name: 'specific_trap', type: 'int8' },
    { name: 'generic_trap', type: 'int2' },
    // 1, 2 (v2c) or 3.
    { name: 'version', type: 'int2' },
    // t trap, i inform, u what could not be decoded.
    { name: 'pdu', type: 'char' },
    // n noAuthNoPriv, a authNoPriv, p authPriv; of v3 alone.
    { name: 'security_level', type: 'char' },
    // Source address.
    { name: 'device', type: 'inet' },
    // agent-addr of v1, else snmpTrapAddress.0: who the trap is about when a proxy sent it.
    { name: 'agent_address', type: 'inet' },
    // User name of v3; of v1 and v2c the name that the configuration gives the community, never the community.
    { name: 'security_name', type: 'text' },
    // Hexadecimal, lower case.
    { name: 'engine_id', type: 'text' },
    { name: 'context_engine_id', type: 'text' },
    { name: 'context_name', type: 'text' },
    // Dotted numbers without a leading dot; snmpTrapOID.0.
    { name: 'trap_oid', type: 'text' },
    // MODULE::name as it was known on arrival.
    { name: 'trap_name', type: 'text' },
    { name: 'enterprise', type: 'text' },
    // [{"oid", "name"?, "type", "value", "text"?}], in the order of the PDU, without sysUpTime.0 and snmpTrapOID.0.
    { name: 'varbinds', type: 'jsonb' },
    // What was out of the ordinary and accepted, such as 'boots-zero', 'time-window', 'v1-pdu-in-v2c'.
    { name: 'flags', type: 'text[]' },
    // Why it could not be decoded, and its bytes then.
    { name: 'reason', type: 'text' },
    { name: 'raw', type: 'bytea' },
    // Of informs: by what their retransmissions are known, also by who starts after us.
    { name: 'inform_key', type: 'bytea' },
  ],
};
