-- Returns the hours of the chunks of spans, in ms since the epoch. There is no index on the start of spans, so the chunks say
-- where spans may be.
-- :'from_ms'   the first hour, in ms since the epoch.
-- :'until_ms'  the first hour after the range.
SELECT DISTINCT (extract(epoch FROM hour) * 1000)::int8 AS hour_ms
FROM timescaledb_information.chunks,
  generate_series(
    date_trunc('hour', range_start AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
    range_end - interval '1 microsecond',
    interval '1 hour'
  ) AS hour
WHERE hypertable_schema = '_ps_trace'
  AND hypertable_name = 'span'
  AND (extract(epoch FROM hour) * 1000)::int8 >= :'from_ms'::int8
  AND (extract(epoch FROM hour) * 1000)::int8 < :'until_ms'::int8
ORDER BY 1;
