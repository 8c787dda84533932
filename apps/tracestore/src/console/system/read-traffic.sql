-- Returns how many spans each service sent in each step of the last 24 hours, or since the first span of that time. It counts by
-- the start of spans and reads the aggregates. The services with fewer spans than the first ones are one service without a name.
-- `step_ms` is the width of a step, `time_unix_nano` its start, `seconds` how much of it is over and aggregated; NULL for a last
-- step of which that is too little for a rate.
-- :'limit'  how many services to return by name.
WITH bound AS MATERIALIZED (
  SELECT
    coalesce((SELECT min(time_bucket) FROM ps_trace.service_call_10s WHERE time_bucket >= now() - interval '24 hours'), now())
      AS start_time
),
step AS MATERIALIZED (
  SELECT start_time, ps_trace.step_of('auto', start_time, now()) AS width FROM bound
),
counted AS MATERIALIZED (
  SELECT called.time_bucket, called.service_name, sum(called.calls)::float8 AS spans
  FROM step
  CROSS JOIN LATERAL ps_trace.service_call(step.start_time, now(), step.width) AS called
  WHERE called.service_name IS NOT NULL
  GROUP BY called.time_bucket, called.service_name
),
placed AS (
  SELECT service_name, row_number() OVER (ORDER BY sum(spans) DESC, service_name) AS place
  FROM counted
  GROUP BY service_name
)
SELECT
  CASE WHEN p.place <= :'limit' THEN c.service_name END AS service,
  (extract(epoch FROM time_bucket) * 1000000000)::int8::text AS time_unix_nano,
  s.seconds,
  sum(c.spans) AS spans,
  (SELECT extract(epoch FROM width) * 1000 FROM step)::float8 AS step_ms
FROM counted c
JOIN placed p USING (service_name)
LEFT JOIN (
  SELECT counted_step.* FROM step CROSS JOIN LATERAL ps_trace.counted_step(step.start_time, now(), step.width)
) AS s USING (time_bucket)
GROUP BY 1, time_bucket, s.seconds
HAVING sum(c.spans) > 0
ORDER BY min(p.place), time_bucket
