-- The loss ledger.

ALTER TABLE rejected_rows ADD COLUMN sender inet, ADD COLUMN received_at timestamptz;

COMMENT ON COLUMN rejected_rows.sender IS 'Exporter or device that the row is from, where it could be read.';
COMMENT ON COLUMN rejected_rows.received_at IS 'When the row was received, where it could be read.';
