-- Returns the traces of the blocks in the CTE batch, and when their spans started: one row for the traces of the same blocks.
-- A trace that is in several blocks is in one row.
-- :'known'  traces to leave out.
SELECT array_agg(trace_id) AS trace_ids, start_min, start_max
FROM (
  SELECT trace_id, min(b.start_min) AS start_min, max(b.start_max) AS start_max
  FROM batch b, unnest(b.trace_ids) AS trace_id
  WHERE trace_id <> ALL (:'known'::uuid[])
  GROUP BY trace_id
) AS traces
GROUP BY start_min, start_max
