-- Requests per second, in steps of one minute, or wider steps over a long range. A request is a trace; it counts at the
-- start of its root span. Minutes without requests have the value 0. The last step covers only the time that is already
-- aggregated.
\if :{?from} \else \set from 'now-30m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
WITH sample AS (
  SELECT
    time,
    extract(epoch FROM least(time + width, end_time) - greatest(time, ps_trace.time_of(:'from')))::float8 AS seconds
  FROM (SELECT greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))) AS width) AS step
  CROSS JOIN (SELECT least(ps_trace.time_of(:'to'), max(counted_at)) AS end_time FROM ps_trace.call_progress) AS progress
  CROSS JOIN generate_series(
    date_bin(width, ps_trace.time_of(:'from'), 'epoch'), end_time - interval '1 second', width
  ) AS time
),
counted AS (
  SELECT time_bucket, sum(calls) AS requests
  FROM ps_trace.service_call(
    ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
    greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
  )
  WHERE is_root
  GROUP BY time_bucket
)
SELECT time, coalesce(requests, 0)::float8 / greatest(seconds, 1) AS requests_per_second
FROM sample
LEFT JOIN counted ON counted.time_bucket = sample.time
ORDER BY time;
