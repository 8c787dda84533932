-- How long do the calls that each service takes from outside of it last, on the 95th percentile, in milliseconds, over time?
-- At most 4.5 % off.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
SELECT
  time_bucket AS time,
  service_name AS series,
  ps_trace.class_percentile(0.95, array_agg(class), array_agg(calls)) AS p95_ms
FROM (
  SELECT time_bucket, service_name, class, sum(calls)::int8 AS calls
  FROM (
    SELECT time_bucket, service_name, unnest(duration_class) AS class, unnest(duration_calls) AS calls
    FROM ps_trace.operation_call(
      ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
      ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
    )
    WHERE parent_service_name IS DISTINCT FROM service_name
  ) AS entry
  GROUP BY time_bucket, service_name, class
  HAVING sum(calls) > 0
) AS figure
GROUP BY time_bucket, service_name
ORDER BY time, series;
