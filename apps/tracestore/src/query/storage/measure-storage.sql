-- Returns the tables with their number of partitions and their size in bytes, the largest first. For hypertables see
-- measure-hypertables.sql.
WITH RECURSIVE part AS (
  SELECT c.oid, c.relname AS name, 0 AS depth
  FROM pg_class c
  WHERE c.relnamespace = 'tracestore'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  UNION ALL
  SELECT i.inhrelid, p.name, p.depth + 1
  FROM part p
  JOIN pg_inherits i ON i.inhparent = p.oid
)
SELECT
  name,
  sum(pg_total_relation_size(oid))::float8 AS bytes,
  sum(pg_indexes_size(oid))::float8 AS index_bytes,
  (count(*) FILTER (WHERE depth > 0))::int4 AS partitions
FROM part
GROUP BY name
-- Without the tables that are locks: they have no rows.
HAVING sum(pg_total_relation_size(oid)) > 0
ORDER BY bytes DESC, name
