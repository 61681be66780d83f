-- SNMP notifications, who we are to their senders, and what polling tells of devices. The columns of snmp_traps are those of
-- collectors/snmp/tables.ts, in the same order.

CREATE TABLE snmp_traps (
  received_at timestamptz NOT NULL,
  uptime int8,
  request_id int8,
  engine_boots int8,
  engine_time int8,
  specific_trap int8,
  generic_trap int2,
  version int2,
  pdu "char" NOT NULL,
  security_level "char",
  device inet NOT NULL,
  agent_address inet,
  security_name text,
  engine_id text,
  context_engine_id text,
  context_name text,
  trap_oid text,
  trap_name text,
  enterprise text,
  varbinds jsonb,
  flags text[],
  reason text,
  raw bytea,
  inform_key bytea
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE snmp_traps IS 'One row for each trap or inform, in the form of v2; also what could not be decoded.';
COMMENT ON COLUMN snmp_traps.received_at IS 'When the collector received the datagram. Decides the partition.';
COMMENT ON COLUMN snmp_traps.uptime IS 'sysUpTime.0 of the sender, hundredths of a second.';
COMMENT ON COLUMN snmp_traps.request_id IS 'request-id of the PDU; v1 has none.';
COMMENT ON COLUMN snmp_traps.engine_boots IS 'snmpEngineBoots of the authoritative engine, of v3.';
COMMENT ON COLUMN snmp_traps.engine_time IS 'snmpEngineTime of the authoritative engine, seconds, of v3.';
COMMENT ON COLUMN snmp_traps.specific_trap IS 'specific-trap of v1.';
COMMENT ON COLUMN snmp_traps.generic_trap IS 'generic-trap of v1: 0 coldStart … 5 egpNeighborLoss, 6 enterpriseSpecific.';
COMMENT ON COLUMN snmp_traps.version IS '1, 2 (v2c) or 3.';
COMMENT ON COLUMN snmp_traps.pdu IS 't trap, i inform, u undecodable.';
COMMENT ON COLUMN snmp_traps.security_level IS 'Of v3: n noAuthNoPriv, a authNoPriv, p authPriv.';
COMMENT ON COLUMN snmp_traps.device IS 'Source address.';
COMMENT ON COLUMN snmp_traps.agent_address IS 'agent-addr of v1, else snmpTrapAddress.0: whom the notification is about where a proxy sent it.';
COMMENT ON COLUMN snmp_traps.security_name IS 'User of v3; of v1 and v2c the name that the configuration gives the community. The community itself is not stored.';
COMMENT ON COLUMN snmp_traps.engine_id IS 'Authoritative engine of v3, hexadecimal.';
COMMENT ON COLUMN snmp_traps.context_engine_id IS 'contextEngineID of v3, hexadecimal.';
COMMENT ON COLUMN snmp_traps.context_name IS 'contextName of v3.';
COMMENT ON COLUMN snmp_traps.trap_oid IS 'snmpTrapOID.0, dotted; of v1 made as RFC 3584 section 3.1 says.';
COMMENT ON COLUMN snmp_traps.trap_name IS 'Its name as known on arrival, MODULE::name.';
COMMENT ON COLUMN snmp_traps.enterprise IS 'enterprise of v1, or snmpTrapEnterprise.0.';
COMMENT ON COLUMN snmp_traps.varbinds IS 'Array of {oid, name, type, value, text}, in the order of the PDU, without sysUpTime.0 and snmpTrapOID.0.';
COMMENT ON COLUMN snmp_traps.flags IS 'What was out of the ordinary, and accepted.';
COMMENT ON COLUMN snmp_traps.reason IS 'Why it could not be decoded.';
COMMENT ON COLUMN snmp_traps.raw IS 'The datagram, or its beginning, of what could not be decoded.';
COMMENT ON COLUMN snmp_traps.inform_key IS 'Of informs: by what retransmissions are known, so that they are answered and not stored again.';

CREATE INDEX snmp_traps_received_at ON snmp_traps USING brin (received_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX snmp_traps_inform_key ON snmp_traps (received_at) WHERE inform_key IS NOT NULL;

CREATE TABLE snmp_engine (
  singleton bool PRIMARY KEY DEFAULT true CHECK (singleton),
  engine_id text NOT NULL,
  boots int8 NOT NULL,
  node text NOT NULL,
  advanced_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE snmp_engine IS 'Who we are to senders of SNMPv3 informs: one identity for all nodes that share this database.';
COMMENT ON COLUMN snmp_engine.singleton IS 'There is one row.';
COMMENT ON COLUMN snmp_engine.engine_id IS 'snmpEngineID, hexadecimal (RFC 3411 section 5).';
COMMENT ON COLUMN snmp_engine.boots IS 'snmpEngineBoots: raised whenever a collector starts to answer.';
COMMENT ON COLUMN snmp_engine.node IS 'The node that raised it last.';
COMMENT ON COLUMN snmp_engine.advanced_at IS 'When that was.';

CREATE TABLE device_names (
  device inet NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_to timestamptz,
  sys_name text,
  sys_object_id text,
  sys_descr text,
  PRIMARY KEY (device, valid_from)
);

COMMENT ON TABLE device_names IS 'What devices say of themselves when polled by SNMP, each with the time for which it held.';
COMMENT ON COLUMN device_names.device IS 'The polled address; as exporter in flows and device elsewhere.';
COMMENT ON COLUMN device_names.valid_from IS 'When it was first seen so.';
COMMENT ON COLUMN device_names.valid_to IS 'When it was first seen otherwise; NULL: still so.';
COMMENT ON COLUMN device_names.sys_name IS 'sysName.0.';
COMMENT ON COLUMN device_names.sys_object_id IS 'sysObjectID.0, dotted: the model.';
COMMENT ON COLUMN device_names.sys_descr IS 'sysDescr.0.';

CREATE TABLE interface_names (
  device inet NOT NULL,
  if_index int8 NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_to timestamptz,
  speed int8,
  name text,
  alias text,
  description text,
  PRIMARY KEY (device, if_index, valid_from)
);

COMMENT ON TABLE interface_names IS 'Interfaces as polled by SNMP, each name and speed with the time for which it held.';
COMMENT ON COLUMN interface_names.device IS 'The polled address; as exporter in flows.';
COMMENT ON COLUMN interface_names.if_index IS 'ifIndex, as in flows.in_if and flows.out_if.';
COMMENT ON COLUMN interface_names.valid_from IS 'When it was first seen so.';
COMMENT ON COLUMN interface_names.valid_to IS 'When it was first seen otherwise, or gone; NULL: still so.';
COMMENT ON COLUMN interface_names.speed IS 'Bits per second: ifHighSpeed, else ifSpeed; NULL where neither is known.';
COMMENT ON COLUMN interface_names.name IS 'ifName.';
COMMENT ON COLUMN interface_names.alias IS 'ifAlias, what an operator wrote.';
COMMENT ON COLUMN interface_names.description IS 'ifDescr.';

CREATE TABLE snmp_polls (
  device inet PRIMARY KEY,
  polled_at timestamptz,
  attempted_at timestamptz NOT NULL,
  interfaces int4 NOT NULL DEFAULT 0,
  failures int8 NOT NULL DEFAULT 0,
  error text
);

COMMENT ON TABLE snmp_polls IS 'How polling of each device fares.';
COMMENT ON COLUMN snmp_polls.device IS 'The polled address.';
COMMENT ON COLUMN snmp_polls.polled_at IS 'Last success.';
COMMENT ON COLUMN snmp_polls.attempted_at IS 'Last attempt.';
COMMENT ON COLUMN snmp_polls.interfaces IS 'Interfaces found by the last success.';
COMMENT ON COLUMN snmp_polls.failures IS 'Failures since the last success.';
COMMENT ON COLUMN snmp_polls.error IS 'Why the last attempt failed; NULL after a success.';
