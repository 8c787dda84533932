-- How many requests did the system answer a second, minute by minute, over the last 15 minutes, newest first? A request
-- is a trace; its root span says when it began. Minutes without requests are there, with 0; of the current one, the
-- seconds count that have passed.
WITH counted AS (
  SELECT date_trunc('minute', start_time) AS minute, count(*) AS requests
  FROM ps_trace.span
  WHERE start_time >= date_trunc('minute', now()) - interval '14 minutes'
    AND is_root_span
  GROUP BY date_trunc('minute', start_time)
)
SELECT
  minutes.minute,
  coalesce(requests, 0) AS requests,
  round(coalesce(requests, 0) / least(60, greatest(1, extract(epoch FROM now() - minutes.minute))), 3)
    AS requests_per_second
FROM generate_series(
  date_trunc('minute', now()) - interval '14 minutes',
  date_trunc('minute', now()),
  interval '1 minute'
) AS minutes (minute)
LEFT JOIN counted ON counted.minute = minutes.minute
ORDER BY minutes.minute DESC;
