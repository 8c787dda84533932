-- How many requests did the system answer a second, minute by minute, over the last 15 minutes? A request is a trace;
-- its root span says when it began. Minutes without requests are there, with 0, and the current minute, which isn't
-- over, is left out.
WITH counted AS (
  SELECT date_trunc('minute', start_time) AS minute, count(*) AS requests
  FROM ps_trace.span
  WHERE start_time >= date_trunc('minute', now()) - interval '15 minutes'
    AND start_time < date_trunc('minute', now())
    AND is_root_span
  GROUP BY date_trunc('minute', start_time)
)
SELECT
  minutes.minute,
  coalesce(requests, 0) AS requests,
  round(coalesce(requests, 0) / 60.0, 3) AS requests_per_second
FROM generate_series(
  date_trunc('minute', now()) - interval '15 minutes',
  date_trunc('minute', now()) - interval '1 minute',
  interval '1 minute'
) AS minutes (minute)
LEFT JOIN counted ON counted.minute = minutes.minute
ORDER BY minutes.minute;
