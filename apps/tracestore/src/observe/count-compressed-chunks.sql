-- Returns the number of compressed chunks of each hypertable.
SELECT
  c.hypertable_name AS name,
  (count(*) FILTER (WHERE c.is_compressed))::int4 AS compressed
FROM timescaledb_information.chunks c
WHERE c.hypertable_schema = 'tracestore'
GROUP BY c.hypertable_name
