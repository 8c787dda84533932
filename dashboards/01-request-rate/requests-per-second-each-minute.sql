-- Requests per second, in steps of one minute, or wider steps over a long range. A request is a trace; it counts at the
-- start of its root span. Steps without requests have the value 0. A step that is not over is divided by the seconds of
-- it that are already aggregated, and left out while these are fewer than 30.
\if :{?from} \else \set from 'now-30m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
WITH counted AS (
  SELECT time_bucket, sum(calls) AS requests
  FROM ps_trace.service_call(
    ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
    greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
  )
  WHERE is_root
  GROUP BY time_bucket
)
SELECT time_bucket AS time, coalesce(requests, 0)::float8 / seconds AS requests_per_second
FROM ps_trace.counted_step(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
) AS step
LEFT JOIN counted USING (time_bucket)
ORDER BY time;
