SELECT relname AS name
FROM pg_class
WHERE relkind = 'p' AND NOT relispartition AND relnamespace = current_schema()::regnamespace
ORDER BY relname
