-- The pair: who is active, what happened, what its nodes know, and the settings that both have. Several pairs may share a database.

CREATE TABLE ha_heartbeat (
  pair text PRIMARY KEY,
  epoch int8 NOT NULL,
  counter int8 NOT NULL,
  beaten_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  holder text NOT NULL,
  session text NOT NULL
) WITH (fillfactor = 10);

COMMENT ON TABLE ha_heartbeat IS 'Which node of a pair is active: a row a pair, replaced by compare-and-set alone.';
COMMENT ON COLUMN ha_heartbeat.pair IS 'Its name, ha.pair of both nodes.';
COMMENT ON COLUMN ha_heartbeat.epoch IS 'Raised at every takeover and switchover; 0: nobody was ever active.';
COMMENT ON COLUMN ha_heartbeat.counter IS 'Raised at every beat. That it stands still is how the standby notices.';
COMMENT ON COLUMN ha_heartbeat.beaten_at IS 'The database''s clock at the last beat; for people, nothing is decided by it.';
COMMENT ON COLUMN ha_heartbeat.holder IS 'The active node.';
COMMENT ON COLUMN ha_heartbeat.session IS 'Which run of the holder.';

CREATE TABLE ha_nodes (
  pair text,
  node text,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  session text NOT NULL,
  address text NOT NULL,
  version text NOT NULL,
  role text NOT NULL,
  report jsonb NOT NULL,
  PRIMARY KEY (pair, node)
) WITH (fillfactor = 20);

COMMENT ON TABLE ha_nodes IS 'What each node of a pair said of itself last.';
COMMENT ON COLUMN ha_nodes.pair IS 'Its name.';
COMMENT ON COLUMN ha_nodes.node IS 'Its name, node.name of its settings.';
COMMENT ON COLUMN ha_nodes.seen_at IS 'When it said so, by the database''s clock.';
COMMENT ON COLUMN ha_nodes.session IS 'Which run of the node.';
COMMENT ON COLUMN ha_nodes.address IS 'Its own address and port.';
COMMENT ON COLUMN ha_nodes.version IS 'Of the program.';
COMMENT ON COLUMN ha_nodes.role IS 'active, collecting or standby.';
COMMENT ON COLUMN ha_nodes.report IS 'Role, reason, votes, readiness, as dogwatch status --json shows them.';

CREATE TABLE ha_events (
  id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  epoch int8 NOT NULL,
  notified_at timestamptz,
  uid uuid NOT NULL UNIQUE,
  pair text NOT NULL,
  node text NOT NULL,
  kind text NOT NULL,
  summary text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'
);

COMMENT ON TABLE ha_events IS 'What happened to the pair, and to each of its nodes.';
COMMENT ON COLUMN ha_events.id IS 'In the order of storing.';
COMMENT ON COLUMN ha_events.at IS 'By the clock of the node.';
COMMENT ON COLUMN ha_events.epoch IS 'That the node knew.';
COMMENT ON COLUMN ha_events.notified_at IS 'When the operators had been told, or it was found that they need not be.';
COMMENT ON COLUMN ha_events.uid IS 'Made by the node, so that an event that is sent twice is stored once.';
COMMENT ON COLUMN ha_events.pair IS 'Its name; that of the node where it is alone.';
COMMENT ON COLUMN ha_events.node IS 'Which saw it.';
COMMENT ON COLUMN ha_events.kind IS 'takeover, switchover, role, vote, readiness, gap, address, settings, alarm or alarm-over.';
COMMENT ON COLUMN ha_events.summary IS 'A sentence.';
COMMENT ON COLUMN ha_events.details IS 'What it was seen by; told: channels that were told without the database.';

CREATE INDEX ha_events_at ON ha_events (pair, at DESC);
CREATE INDEX ha_events_to_tell ON ha_events (pair, id) WHERE notified_at IS NULL;

CREATE TABLE ha_settings (
  pair text,
  revision int8,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  node text NOT NULL,
  account text NOT NULL,
  digest text NOT NULL,
  note text NOT NULL DEFAULT '',
  settings text NOT NULL,
  PRIMARY KEY (pair, revision)
);

COMMENT ON TABLE ha_settings IS 'Revisions of the settings that both nodes share. No secrets: these stay in files of each node.';
COMMENT ON COLUMN ha_settings.pair IS 'Its name.';
COMMENT ON COLUMN ha_settings.revision IS 'From 1.';
COMMENT ON COLUMN ha_settings.at IS 'By the database''s clock.';
COMMENT ON COLUMN ha_settings.node IS 'Where they were changed.';
COMMENT ON COLUMN ha_settings.account IS 'Who did it there, as far as the system knows.';
COMMENT ON COLUMN ha_settings.digest IS 'SHA-256 of the settings, in hexadecimal.';
COMMENT ON COLUMN ha_settings.note IS 'What changed, or why.';
COMMENT ON COLUMN ha_settings.settings IS 'YAML.';

CREATE TABLE warm_state (
  owner text,
  kind text,
  key text,
  told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  value bytea NOT NULL,
  PRIMARY KEY (owner, kind, key)
);

COMMENT ON TABLE warm_state IS 'What decoders have learnt (templates, sampling rates, clocks, engines …), for a node that starts with nobody to ask.';
COMMENT ON COLUMN warm_state.owner IS 'The pair, or a node that is alone.';
COMMENT ON COLUMN warm_state.kind IS 'Such as flow.template.';
COMMENT ON COLUMN warm_state.key IS 'What it is about, such as an exporter and the number of a template.';
COMMENT ON COLUMN warm_state.told_at IS 'When it was stored last.';
COMMENT ON COLUMN warm_state.value IS 'Of the program''s own form; its first byte is the version.';
