-- Requests that started in each second of the last five minutes of the range. Seconds without requests have the value
-- 0.
\if :{?from} \else \set from 'now-30m' \endif
\if :{?to} \else \set to 'now' \endif
WITH counted AS (
  SELECT date_trunc('second', start_time) AS second, count(*) AS requests
  FROM ps_trace.span
  -- Scalar subqueries are evaluated once, not once per row.
  WHERE start_time >= (SELECT date_trunc('second', greatest(ps_trace.time_of(:'from'), ps_trace.time_of(:'to') - interval '5 minutes')))
    AND start_time < (SELECT ps_trace.time_of(:'to'))
    AND is_root_span
  GROUP BY second
)
SELECT time, coalesce(requests, 0)::float8 AS requests_per_second
FROM generate_series(
  date_trunc('second', greatest(ps_trace.time_of(:'from'), ps_trace.time_of(:'to') - interval '5 minutes')),
  ps_trace.time_of(:'to') - interval '1 second',
  interval '1 second'
) AS time
LEFT JOIN counted ON counted.second = time
ORDER BY time;
