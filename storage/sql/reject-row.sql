INSERT INTO rejected_rows (batch_id, row_number, table_name, error, row) VALUES ($1, $2, $3, $4, $5)
