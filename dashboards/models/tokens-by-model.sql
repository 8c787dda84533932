-- Input and output tokens per second of each model, per minute or in wider steps over a long range. Only the ten models
-- with the most calls. A step is divided by its seconds that are in the range and over, and left out if these are less than 30.
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
),
counted AS (
  SELECT
    time, model AS series, coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0)::float8 AS tokens,
    extract(epoch FROM least(time + width, ps_trace.time_of(:'to'), now()) - greatest(time, ps_trace.time_of(:'from')))::float8 AS seconds
  FROM called
  JOIN frequent USING (model)
  CROSS JOIN step
  GROUP BY time, width, model
)
SELECT time, series, tokens / seconds AS tokens_per_second
FROM counted
WHERE seconds >= 30
ORDER BY time, series;
