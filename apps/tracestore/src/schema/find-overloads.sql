-- The functions and aggregates with one of the names $1 (with schema), and a version that changes when one is replaced.
SELECT p.oid::int8::text AS oid, n.nspname || '.' || p.proname AS name, p.xmin::text AS version
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname || '.' || p.proname = ANY ($1::text[]);
