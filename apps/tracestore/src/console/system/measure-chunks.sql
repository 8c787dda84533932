-- Returns the chunks of spans, the latest first: the range of time in ns since 1970, the size in bytes, and whether compressed.
SELECT
  c.chunk_name AS name,
  (extract(epoch FROM c.range_start) * 1000000000)::int8::text AS from_unix_nano,
  (extract(epoch FROM c.range_end) * 1000000000)::int8::text AS to_unix_nano,
  coalesce(c.is_compressed, false) AS is_compressed,
  d.total_bytes::float8 AS bytes
FROM timescaledb_information.chunks c
JOIN chunks_detailed_size('tracestore.span') d USING (chunk_schema, chunk_name)
WHERE c.hypertable_schema = 'tracestore' AND c.hypertable_name = 'span'
ORDER BY c.range_start DESC
