INSERT INTO rejected_rows (batch_id, row_number, table_name, error, row, sender, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
