-- Whom do requests call, directly and through others, and where does their time go, over the last 15 minutes? Each row is
-- an operation below the root spans: how deep it was first met, and its self time, which is what a span takes while none
-- of its children is at work. Children that overlap each other, or outlast their parent, are counted once and only inside
-- of it, so self time is never negative.
--
-- The walk goes down from the root spans at most 50 steps, and only through spans of the last 15 minutes.
WITH RECURSIVE walk AS (
  SELECT s.trace_id, s.span_id, s.service_name, s.span_name, s.start_time, s.end_time, 0 AS depth
  FROM ps_trace.span s
  WHERE s.start_time >= now() - interval '15 minutes'
    AND s.is_root_span
  UNION
  SELECT c.trace_id, c.span_id, c.service_name, c.span_name, c.start_time, c.end_time, w.depth + 1
  FROM walk w
  JOIN ps_trace.span c ON c.trace_id = w.trace_id AND c.parent_span_id = w.span_id
  WHERE w.depth < 50
    AND c.start_time >= now() - interval '15 minutes'
),
at_work AS (
  SELECT
    w.service_name,
    w.span_name,
    w.depth,
    tstzmultirange(tstzrange(w.start_time, greatest(w.start_time, w.end_time))) - coalesce(children.at_work, '{}') AS alone
  FROM walk w
  LEFT JOIN LATERAL (
    SELECT range_agg(tstzrange(c.start_time, greatest(c.start_time, c.end_time))) AS at_work
    FROM ps_trace.span c
    WHERE c.trace_id = w.trace_id
      AND c.parent_span_id = w.span_id
      AND c.start_time >= now() - interval '15 minutes'
  ) children ON true
),
self_time AS (
  SELECT
    a.service_name,
    a.span_name,
    a.depth,
    coalesce((SELECT sum(extract(epoch FROM upper(part) - lower(part))) FROM unnest(a.alone) AS part), 0) * 1000 AS self_ms
  FROM at_work a
)
SELECT
  service_name,
  span_name,
  min(depth) AS depth,
  count(*) AS spans,
  round(sum(self_ms), 3) AS self_ms,
  round(100 * sum(self_ms) / nullif(sum(sum(self_ms)) OVER (), 0), 2) AS self_percent,
  round((percentile_cont(0.50) WITHIN GROUP (ORDER BY self_ms::float8))::numeric, 3) AS p50_self_ms,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY self_ms::float8))::numeric, 3) AS p95_self_ms
FROM self_time
GROUP BY service_name, span_name
ORDER BY self_ms DESC, service_name, span_name;
