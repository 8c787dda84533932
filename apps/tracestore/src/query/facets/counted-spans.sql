-- Which spans of the CTE sample count-values.sql counts.
-- :'duration_min_ns'  how long a trace takes at least.
-- :'duration_max_ns'  how long a trace takes at most.

-- name: all_spans
SELECT * FROM sample
-- name: of_timed_traces
-- IS TRUE keeps the planner from making a join of it: it would compare each span with each trace.
SELECT *
FROM sample
WHERE (trace_id IN (
  SELECT known.trace_id
  FROM (SELECT trace_id, min(start_min) AS start_min, max(start_max) AS start_max FROM sample GROUP BY trace_id) AS known
  CROSS JOIN LATERAL (
    SELECT greatest(extract(epoch FROM max(whole.end_time) - min(whole.start_time)) * 1000000000, 0)::float8 AS duration_ns
    FROM (
      SELECT s.start_time, s.end_time
      FROM tracestore.span s
      WHERE s.trace_id = known.trace_id
        -- Excludes most partitions.
        AND s.start_time BETWEEN known.start_min - interval '1 hour' AND known.start_max + interval '1 hour'
      OFFSET 0
    ) AS whole
  ) AS timed
  WHERE timed.duration_ns BETWEEN :'duration_min_ns'::float8 AND :'duration_max_ns'::float8
)) IS TRUE
