-- Models that were called: calls, error rate, durations, tokens, output tokens per second of a call, and the reasons for
-- which models stopped, the most frequent first. At most a hundred models. No rows without spans that have gen_ai
-- attributes.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
WITH called AS MATERIALIZED (
  SELECT coalesce(provider_name, '') AS provider, model, duration_ms, is_error, input_tokens, output_tokens, finish_reasons
  FROM ps_trace.gen_ai_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
),
reason AS (
  SELECT provider, model, string_agg(reason || ' ' || calls, ', ' ORDER BY calls DESC, reason) AS reasons
  FROM (
    SELECT provider, model, reason, count(*) AS calls, row_number() OVER (PARTITION BY provider, model ORDER BY count(*) DESC, reason) AS place
    FROM called, unnest(finish_reasons) AS reason
    GROUP BY provider, model, reason
  ) AS counted
  WHERE place <= 10
  GROUP BY provider, model
)
SELECT
  model,
  provider,
  count(*) AS calls,
  count(*) FILTER (WHERE is_error)::float8 / count(*) AS error_rate,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50_ms,
  percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms,
  coalesce(sum(input_tokens), 0)::float8 AS input_tokens,
  coalesce(sum(output_tokens), 0)::float8 AS output_tokens,
  sum(output_tokens) FILTER (WHERE duration_ms > 0)::float8
    / nullif(sum(duration_ms) FILTER (WHERE output_tokens IS NOT NULL AND duration_ms > 0) / 1000, 0) AS output_tokens_per_second,
  coalesce(min(reasons), '') AS finish_reasons
FROM called
LEFT JOIN reason USING (provider, model)
GROUP BY model, provider
ORDER BY calls DESC, model, provider
LIMIT 100;
