-- Returns the hypertables with their number of chunks and the size of all chunks in bytes, compressed or not.
SELECT
  h.hypertable_name AS name,
  s.total_bytes::float8 AS bytes,
  s.index_bytes::float8 AS index_bytes,
  h.num_chunks::int4 AS partitions
FROM timescaledb_information.hypertables h
CROSS JOIN LATERAL (
  SELECT sum(total_bytes) AS total_bytes, sum(index_bytes) AS index_bytes
  FROM hypertable_detailed_size(format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass)
) AS s
WHERE h.hypertable_schema = 'tracestore'
