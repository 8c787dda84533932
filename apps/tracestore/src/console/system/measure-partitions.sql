-- Returns the native partitions of spans, the latest first: the range of time in ns since 1970, and the size in bytes. The default
-- partition, for spans outside of all others, has no range.
SELECT
  c.relname AS name,
  (extract(epoch FROM lower(p.time_range)) * 1000000000)::int8::text AS from_unix_nano,
  (extract(epoch FROM upper(p.time_range)) * 1000000000)::int8::text AS to_unix_nano,
  false AS is_compressed,
  pg_total_relation_size(c.oid)::float8 AS bytes
FROM tracestore.partition p
JOIN pg_class c ON c.oid = p.partition
WHERE p.table_name = 'span'
ORDER BY lower(p.time_range) DESC NULLS LAST
