-- The schema that pg_trgm is in, if it is in the database.
SELECT extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = 'pg_trgm'
