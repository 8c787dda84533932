-- Error rate of each operation per minute, or in wider steps over a long range. Only operations with errors, at most
-- the twenty with the most errors. A step is left out while fewer than 30 seconds of it are aggregated. Empty
-- :'service' selects all services.
\if :{?from} \else \set from 'now-30m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'sparse' \endif
\if :{?service} \else \set service '' \endif
WITH operation_step AS MATERIALIZED (
  SELECT time_bucket, service_name, span_name, sum(calls) AS calls, sum(errors) AS errors
  FROM ps_trace.operation_call(
    ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
    greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
  )
  WHERE :'service' = '' OR service_name = :'service'
  GROUP BY time_bucket, service_name, span_name
  HAVING sum(calls) > 0
),
failing AS (
  SELECT service_name, span_name
  FROM operation_step
  GROUP BY service_name, span_name
  HAVING sum(errors) > 0
  ORDER BY sum(errors) DESC, service_name, span_name
  LIMIT 20
)
SELECT time_bucket AS time, service_name || ' ' || span_name AS series, errors::float8 / calls::float8 AS error_rate
FROM operation_step
JOIN failing USING (service_name, span_name)
JOIN ps_trace.counted_step(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
) AS step USING (time_bucket)
ORDER BY time, series;
