-- Returns functions and aggregates by name, each with a version that changes when it is replaced.
-- :'names'  the names, with schema.
SELECT p.oid::int8::text AS oid, n.nspname || '.' || p.proname AS name, p.xmin::text AS version
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname || '.' || p.proname = ANY (:'names'::text[]);
