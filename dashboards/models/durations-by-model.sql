-- 95th percentile in milliseconds of the durations of calls of each model, over time. Only the ten models with the
-- most calls.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'sparse' \endif
WITH step AS (
  SELECT greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))) AS width
),
called AS MATERIALIZED (
  SELECT ps_trace.time_bucket((SELECT width FROM step), start_time) AS time, model, duration_ms, is_error, input_tokens, output_tokens
  FROM ps_trace.gen_ai_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
),
frequent AS (
  SELECT model FROM called GROUP BY model ORDER BY count(*) DESC, model LIMIT 10
)
SELECT time, model AS series, percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms
FROM called
JOIN frequent USING (model)
GROUP BY time, model
ORDER BY time, series;
