-- What a REINDEX CONCURRENTLY leaves behind that was interrupted (PostgreSQL manual, "REINDEX").
SELECT i.indexrelid::regclass::text AS index
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'tracestore'::regnamespace AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$';
