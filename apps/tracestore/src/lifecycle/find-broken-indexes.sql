-- Returns the indexes that an interrupted REINDEX CONCURRENTLY has left (PostgreSQL manual, "REINDEX").
SELECT c.relname AS index
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'tracestore'::regnamespace AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$';
