-- Returns the traces of the next spans of some operations, newest first. `position` is the start of the newest of these
-- spans of the trace, in µs since 1970.
--
-- There is at least one row, and every row says how far the search got. No other span of the operations started at
-- `low_water_mark` or later; it is NULL if there is no other span.
--
-- :'operations'  the ids of the operations.
-- :'before'      read only spans that started before this time.
-- :'batch_size'  how many spans to read of each operation.
-- :'known'       traces to leave out.
-- :in_range      see start-range.sql.
WITH newest AS MATERIALIZED (
  SELECT o.operation_id, spans.trace_id, spans.start_time
  FROM unnest(:'operations'::int8[]) AS o (operation_id)
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
    FROM tracestore.span s
    WHERE s.operation_id = o.operation_id AND s.start_time < :'before'::timestamptz
      AND :in_range
      AND s.trace_id <> ALL (:'known'::uuid[])
    ORDER BY s.start_time DESC
    FETCH FIRST (:'batch_size'::int8) ROWS WITH TIES
  ) AS spans
),
read AS (
  SELECT max(low_water_mark) AS low_water_mark
  FROM (
    SELECT min(start_time) AS low_water_mark FROM newest GROUP BY operation_id HAVING count(*) >= :'batch_size'
  ) AS of_each
)
SELECT
  (extract(epoch FROM read.low_water_mark) * 1000000)::int8 AS low_water_mark,
  false AS is_rare,
  found.trace_id,
  found.position
FROM read
LEFT JOIN (
  SELECT trace_id, (extract(epoch FROM max(start_time)) * 1000000)::int8 AS position FROM newest GROUP BY trace_id
) AS found ON true
