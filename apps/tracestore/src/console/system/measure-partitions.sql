-- The native partitions of spans, the latest first: of which time, in nanoseconds since 1970, and of how many bytes? The
-- default partition, which takes what fits nowhere else, has no time.
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
