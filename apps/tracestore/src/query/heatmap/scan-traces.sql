-- Returns traces by time and duration, from all spans of some slices of time. A trace is in the slice in which its first span
-- starts; a slice is read with some time before and after it.
-- :'slice_starts'  the first start of a trace, for each slice.
-- :'slice_ends'    the last start of a trace, for each slice.
-- :'margin_us'     how much is read before and after a slice, in µs.
-- :trace_ids       the traces of a slice, see slice-traces.sql.
-- :is_read         which spans of a slice to read, see slice-traces.sql.
-- :matches         the condition of the search, see filter/span-condition.ts.
-- :cells           see cells.sql.
WITH slice AS MATERIALIZED (
  SELECT nr, first_start, last_start, start_min, start_max, :trace_ids AS trace_ids
  FROM (
    SELECT
      nr, first_start, last_start,
      first_start - :'margin_us'::float8 * interval '1 microsecond' AS start_min,
      last_start + :'margin_us'::float8 * interval '1 microsecond' AS start_max
    FROM unnest(:'slice_starts'::timestamptz[], :'slice_ends'::timestamptz[]) WITH ORDINALITY AS t (first_start, last_start, nr)
  ) AS widened
),
trace AS MATERIALIZED (
  SELECT min(spans.start_time) AS start_time, max(spans.end_time) AS end_time, bool_or(spans.is_error) AS is_failed
  FROM slice w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time, s.end_time, s.status_code IS NOT DISTINCT FROM 2 AS is_error, :matches AS is_match
    FROM tracestore.span s
    WHERE s.start_time BETWEEN w.start_min AND w.start_max
      AND :is_read
    -- Keeps the planner from taking the lookups of the condition apart: they run once for all spans.
    OFFSET 0
  ) AS spans
  GROUP BY w.nr, w.first_start, w.last_start, spans.trace_id
  HAVING bool_or(spans.is_match) AND min(spans.start_time) BETWEEN w.first_start AND w.last_start
)
:cells
