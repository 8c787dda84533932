-- Which ten requests took longest? The figures say in which operations and at what time they are, so that only these are
-- looked into. A request that came in the last seconds may not be counted yet.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'sparse' \endif
WITH entry AS (
  SELECT time_bucket, service_name, span_name, span_kind, class, sum(calls) AS calls
  FROM (
    SELECT time_bucket, service_name, span_name, span_kind, unnest(duration_class) AS class, unnest(duration_calls) AS calls
    FROM ps_trace.operation_call(
      ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
      ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
    )
    WHERE is_root
  ) AS unnested
  GROUP BY time_bucket, service_name, span_name, span_kind, class
  HAVING sum(calls) > 0
),
-- As many of the highest classes as it takes to have ten.
slow AS (
  SELECT time_bucket, service_name, span_name, span_kind, min(class) AS class
  FROM (SELECT *, sum(calls) OVER (ORDER BY class DESC) - sum(calls) OVER (PARTITION BY class) AS slower FROM entry) AS ranked
  WHERE slower < 10
  GROUP BY time_bucket, service_name, span_name, span_kind
)
SELECT s.trace_id_hex AS trace_id, s.service_name, s.span_name, s.start_time AS time, s.duration_ms
FROM slow
CROSS JOIN LATERAL (
  SELECT span.trace_id_hex, span.service_name, span.span_name, span.start_time, span.duration_ms
  FROM ps_trace.span
  WHERE span.service_name = slow.service_name
    AND span.span_name = slow.span_name
    AND span.span_kind = slow.span_kind
    AND span.start_time >= slow.time_bucket
    AND span.start_time < slow.time_bucket + ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
    AND span.start_time >= ps_trace.time_of(:'from')
    AND span.start_time < ps_trace.time_of(:'to')
    AND span.is_root_span
    AND span.duration_ms >= CASE slow.class WHEN 0 THEN 0 ELSE power(2, (slow.class - 1) / 8.0::float8) / 1e6 * 0.999999 END
  ORDER BY span.duration_ms DESC
  LIMIT 10
) AS s
ORDER BY s.duration_ms DESC, s.start_time
LIMIT 10;
