-- The loss ledger: what became of what each sender sent, minute by minute.

CREATE TABLE losses (
  minute timestamptz NOT NULL,
  family text NOT NULL,
  sender inet NOT NULL,
  observation_domain int8 NOT NULL,
  protocol text NOT NULL,
  account int8 NOT NULL,
  version int8 NOT NULL DEFAULT 0,
  datagrams int8 NOT NULL DEFAULT 0,
  received int8 NOT NULL DEFAULT 0,
  rows int8 NOT NULL DEFAULT 0,
  lost int8 NOT NULL DEFAULT 0,
  duplicates int8 NOT NULL DEFAULT 0,
  reordered int8 NOT NULL DEFAULT 0,
  restarts int8 NOT NULL DEFAULT 0,
  undecodable int8 NOT NULL DEFAULT 0,
  held int8 NOT NULL DEFAULT 0,
  held_decoded int8 NOT NULL DEFAULT 0,
  held_expired int8 NOT NULL DEFAULT 0,
  filtered int8 NOT NULL DEFAULT 0,
  kernel_drops int8 NOT NULL DEFAULT 0,
  dropped int8 NOT NULL DEFAULT 0,
  rejected int8 NOT NULL DEFAULT 0,
  stored int8 NOT NULL DEFAULT 0,
  reasons jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (minute, family, sender, observation_domain, protocol, account)
) WITH (fillfactor = 70);

COMMENT ON TABLE losses IS 'What became of what each sender sent, by the minute of its arrival.';
COMMENT ON COLUMN losses.minute IS 'Start of the minute of arrival.';
COMMENT ON COLUMN losses.family IS 'flow, syslog or snmp.';
COMMENT ON COLUMN losses.sender IS 'Exporter or device; of sFlow the agent address; :: for what cannot be told of anybody.';
COMMENT ON COLUMN losses.observation_domain IS 'As in exporters: 0 where there is none.';
COMMENT ON COLUMN losses.protocol IS 'As in exporters; empty where the family has only one.';
COMMENT ON COLUMN losses.account IS 'Who counted: a number at random. Accounts add up. 0: counted from the rows.';
COMMENT ON COLUMN losses.version IS 'A row of the same account and minute takes the place of those with a lower version.';
COMMENT ON COLUMN losses.datagrams IS 'Datagrams received.';
COMMENT ON COLUMN losses.received IS 'What arrived, in the unit of the protocol''s sequence numbers: flows of NetFlow v5, v7 and IPFIX, datagrams of v9 and sFlow; 0 where a protocol has none. received + lost is what was sent.';
COMMENT ON COLUMN losses.rows IS 'Rows made of what arrived: flows, messages or notifications. rows = filtered + dropped + rejected + stored + what still waits.';
COMMENT ON COLUMN losses.lost IS 'Missing by sequence number, in the unit of the protocol, as in exporters. Negative where what was missing came in a later minute.';
COMMENT ON COLUMN losses.duplicates IS 'Datagrams whose sequence numbers had been seen.';
COMMENT ON COLUMN losses.reordered IS 'Datagrams that came after a later one.';
COMMENT ON COLUMN losses.restarts IS 'Restarts of the sender, by its sequence numbers or its clock.';
COMMENT ON COLUMN losses.undecodable IS 'Datagrams, sets and records that could not be decoded.';
COMMENT ON COLUMN losses.held IS 'Sets that had to wait for their template.';
COMMENT ON COLUMN losses.held_decoded IS 'Sets that had waited and were decoded. held = held_decoded + held_expired + what still waits.';
COMMENT ON COLUMN losses.held_expired IS 'Sets that were given up, since no template came.';
COMMENT ON COLUMN losses.filtered IS 'Messages that a rule dropped.';
COMMENT ON COLUMN losses.kernel_drops IS 'Datagrams that the kernel dropped, an estimate: those of a socket are spread over its senders. In lost, too, where the protocol counts.';
COMMENT ON COLUMN losses.dropped IS 'Rows lost at the bound of the journal.';
COMMENT ON COLUMN losses.reasons IS 'What is in undecodable by its reason, as {"truncated_set": 3}.';
COMMENT ON COLUMN losses.rejected IS 'Rows that the database refused, kept in rejected_rows; known when the minute is folded.';
COMMENT ON COLUMN losses.stored IS 'Rows in the table; known when the minute is folded.';

ALTER TABLE rejected_rows ADD COLUMN sender inet, ADD COLUMN received_at timestamptz;

COMMENT ON COLUMN rejected_rows.sender IS 'Exporter or device that the row is from, where it could be read.';
COMMENT ON COLUMN rejected_rows.received_at IS 'When the row was received, where it could be read.';
