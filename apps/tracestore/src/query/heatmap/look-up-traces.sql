-- Returns traces by time and duration, from the spans of the blocks that may match a search.
-- :'start_min'  the first start of a span that may match.
-- :'start_max'  the last start of a span that may match.
-- :may_match    whether a block `b` may match, see filter/block-condition.ts.
-- :traces       see find-traces/traces-of-batch.sql.
-- :matches      the condition of the search, see filter/span-condition.ts.
-- :cells        see cells.sql.
WITH batch AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz + interval '1 hour'
    AND b.start_min <= :'start_max'::timestamptz
    AND :may_match
),
lookup AS MATERIALIZED (
  :traces
),
found AS MATERIALIZED (
  SELECT spans.trace_id, min(w.start_min) AS start_min, max(w.start_max) AS start_max
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
      AND :matches
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
),
trace AS MATERIALIZED (
  SELECT min(spans.start_time) AS start_time, max(spans.end_time) AS end_time, bool_or(spans.is_error) AS is_failed
  FROM found
  CROSS JOIN LATERAL (
    SELECT s.start_time, s.end_time, s.status_code IS NOT DISTINCT FROM 2 AS is_error
    FROM tracestore.span s
    WHERE s.trace_id = found.trace_id
      -- Excludes most partitions.
      AND s.start_time BETWEEN found.start_min - interval '1 hour' AND found.start_max + interval '1 hour'
    OFFSET 0
  ) AS spans
  GROUP BY found.trace_id
)
:cells
