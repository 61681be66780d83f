-- Syslog. The columns of syslog_messages are those of collectors/syslog/tables.ts, in the same order: fixed widths first, widest first.

CREATE TABLE syslog_messages (
  received_at timestamptz NOT NULL,
  device_time timestamptz,
  clock_offset_ms int8,
  facility int2,
  severity int2,
  format "char" NOT NULL,
  transport "char" NOT NULL,
  time_assumed "char",
  cut bool NOT NULL DEFAULT false,
  device inet NOT NULL,
  hostname text,
  app_name text,
  proc_id text,
  msg_id text,
  vendor text,
  dialect text,
  mnemonic text,
  message text NOT NULL,
  structured_data jsonb,
  fields jsonb,
  tags text[],
  reason text,
  raw bytea
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE syslog_messages IS 'One row for each syslog message. NULL: the sender did not say.';
COMMENT ON COLUMN syslog_messages.received_at IS 'When the collector received the message. Decides the partition.';
COMMENT ON COLUMN syslog_messages.device_time IS 'The time that the message bears, by the clock of its sender.';
COMMENT ON COLUMN syslog_messages.clock_offset_ms IS 'How far the clock of the device was ahead of the collector''s, milliseconds, smoothed.';
COMMENT ON COLUMN syslog_messages.facility IS '0 kern to 23 local7 (RFC 5424, 6.2.1); NULL: no valid PRI.';
COMMENT ON COLUMN syslog_messages.severity IS '0 emerg, 1 alert, 2 crit, 3 err, 4 warning, 5 notice, 6 info, 7 debug; NULL: not told.';
COMMENT ON COLUMN syslog_messages.format IS 'Form of the header: 5 RFC 5424, 3 RFC 3164, c Cisco''s, r none.';
COMMENT ON COLUMN syslog_messages.transport IS 'How it came: u UDP, t TCP, s TLS, r RELP.';
COMMENT ON COLUMN syslog_messages.time_assumed IS 'What the stamp left out and was assumed: n nothing, y the year, z the zone, b both; NULL: no stamp.';
COMMENT ON COLUMN syslog_messages.cut IS 'It was longer than allowed; the rest is gone.';
COMMENT ON COLUMN syslog_messages.device IS 'Source address of the message.';
COMMENT ON COLUMN syslog_messages.hostname IS 'HOSTNAME as the message says.';
COMMENT ON COLUMN syslog_messages.app_name IS 'APP-NAME, or the tag of RFC 3164.';
COMMENT ON COLUMN syslog_messages.proc_id IS 'PROCID, or the number in brackets behind the tag.';
COMMENT ON COLUMN syslog_messages.msg_id IS 'MSGID of RFC 5424.';
COMMENT ON COLUMN syslog_messages.vendor IS 'Maker of the device, where the form of the message tells.';
COMMENT ON COLUMN syslog_messages.dialect IS 'Which dialect the message part was read in.';
COMMENT ON COLUMN syslog_messages.mnemonic IS 'The maker''s own code for this kind of message, such as SYS-5-CONFIG_I.';
COMMENT ON COLUMN syslog_messages.message IS 'The message part; of a message that could not be parsed, all of it.';
COMMENT ON COLUMN syslog_messages.structured_data IS 'STRUCTURED-DATA of RFC 5424: SD-ID to its parameters.';
COMMENT ON COLUMN syslog_messages.fields IS 'Keys and values that the dialect found in the message part.';
COMMENT ON COLUMN syslog_messages.tags IS 'Tags that rules of the collector gave.';
COMMENT ON COLUMN syslog_messages.reason IS 'Why the message, or a part of it, could not be read; NULL: it could.';
COMMENT ON COLUMN syslog_messages.raw IS 'The bytes as received, where message cannot hold them or the message could not be parsed.';

-- All that is kept up while rows come in. A partition gets the others when it is complete (storage/database/text-search-indexes.ts).
CREATE INDEX syslog_messages_received_at ON syslog_messages USING brin (received_at) WITH (pages_per_range = 64, autosummarize = on);

CREATE TABLE syslog_devices (
  device inet NOT NULL PRIMARY KEY,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  messages int8 NOT NULL,
  unparsed int8 NOT NULL,
  cut int8 NOT NULL,
  dropped int8 NOT NULL,
  clock_offset_ms int8,
  hostname text,
  vendor text,
  dialect text
) WITH (fillfactor = 70);

COMMENT ON TABLE syslog_devices IS 'Who has sent syslog, and what became of it. All counts are since first_seen.';
COMMENT ON COLUMN syslog_devices.device IS 'Source address.';
COMMENT ON COLUMN syslog_devices.first_seen IS 'First message.';
COMMENT ON COLUMN syslog_devices.last_seen IS 'Last message.';
COMMENT ON COLUMN syslog_devices.messages IS 'Messages received, dropped ones included.';
COMMENT ON COLUMN syslog_devices.unparsed IS 'Of those: stored as they were, since they could not be parsed.';
COMMENT ON COLUMN syslog_devices.cut IS 'Of those: cut, since they were longer than allowed.';
COMMENT ON COLUMN syslog_devices.dropped IS 'Of those: not stored, since a rule says so.';
COMMENT ON COLUMN syslog_devices.clock_offset_ms IS 'How far its clock is ahead of the collector''s, milliseconds, as last known; NULL: it tells no time.';
COMMENT ON COLUMN syslog_devices.hostname IS 'Its name as last known; NULL: not told.';
COMMENT ON COLUMN syslog_devices.vendor IS 'Its maker as last known; NULL: not told.';
COMMENT ON COLUMN syslog_devices.dialect IS 'Its dialect as last known; NULL: none.';
