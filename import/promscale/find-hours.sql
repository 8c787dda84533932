-- Returns the hours in which spans start, in ms since the epoch, where the table is not divided into chunks.
-- :'from_ms'   the first hour, in ms since the epoch.
-- :'until_ms'  the first hour after the range.
SELECT DISTINCT floor(extract(epoch FROM start_time) / 3600)::int8 * 3600000 AS hour_ms
FROM _ps_trace.span
WHERE start_time >= to_timestamp(:'from_ms'::int8 / 1000)
  AND start_time < to_timestamp(:'until_ms'::int8 / 1000)
ORDER BY 1;
