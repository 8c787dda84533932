-- Operations with errors: number of errors and error rate, highest error rate first. Empty :'service' selects all
-- services.
\if :{?from} \else \set from 'now-30m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
SELECT
  service_name,
  span_name,
  sum(calls)::int8 AS calls,
  sum(errors)::int8 AS errors,
  sum(errors)::float8 / sum(calls)::float8 AS error_rate
FROM ps_trace.operation_call_total(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
WHERE :'service' = '' OR service_name = :'service'
GROUP BY service_name, span_name
HAVING sum(calls) > 0 AND sum(errors) > 0
ORDER BY error_rate DESC, errors DESC, service_name, span_name;
