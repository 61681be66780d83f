-- What the fold of rollups and losses needs to know of each batch: its rows' times, and whether they are folded in.

ALTER TABLE batches ADD COLUMN earliest timestamptz, ADD COLUMN latest timestamptz, ADD COLUMN folded bool NOT NULL DEFAULT true;
ALTER TABLE batches ALTER COLUMN folded SET DEFAULT false;

COMMENT ON COLUMN batches.earliest IS 'Arrival of its earliest row; NULL in batches of older programs.';
COMMENT ON COLUMN batches.latest IS 'Arrival of its latest row.';
COMMENT ON COLUMN batches.folded IS 'Whether rollups and the loss ledger have its rows in them.';

CREATE INDEX batches_not_folded ON batches (table_name, latest) WHERE NOT folded;
