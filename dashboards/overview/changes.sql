-- Operations whose request rate, error rate or 95th percentile changed significantly in the last five minutes of a
-- range, compared with the fifteen minutes before. Calls count if they come from outside the service. z_score is the
-- largest of the three changes in standard errors; rows below 3 are left out. The earlier period consists of whole
-- five-minute steps, so it ends up to five minutes before the later one. A shorter history is compared from its start;
-- with less than ten minutes, the second half is compared with the first.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
WITH bound AS MATERIALIZED (
  SELECT
    end_time,
    greatest(ps_trace.time_of(:'from'), end_time - interval '30 minutes') AS earliest,
    -- Older aggregates have a resolution of five minutes.
    CASE WHEN ps_trace.time_of(:'to') < now() - interval '1 day' THEN interval '5 minutes' ELSE interval '10 seconds' END AS width
  FROM (
    SELECT least(ps_trace.time_of(:'to'), (SELECT max(counted_at) FROM ps_trace.call_progress)) AS end_time
  ) AS counted
),
aligned AS MATERIALIZED (
  SELECT
    width,
    date_bin(width, end_time, 'epoch') AS end_time,
    date_bin(
      width,
      coalesce(
        (
          SELECT min(time_bucket) FROM ps_trace.service_call_10s
          WHERE time_bucket >= (SELECT earliest FROM bound)
            AND time_bucket < (SELECT end_time FROM bound)
        ),
        earliest
      ),
      'epoch'
    ) AS first_time
  FROM bound
),
halved AS MATERIALIZED (
  SELECT
    first_time, end_time,
    date_bin(width, end_time - least(interval '5 minutes', (end_time - first_time) / 2), 'epoch') AS cut,
    date_bin('5 minutes', first_time + interval '5 minutes' - interval '1 microsecond', 'epoch') AS first_five,
    date_bin('5 minutes', end_time - interval '5 minutes', 'epoch') AS last_five
  FROM aligned
  WHERE end_time - first_time >= interval '1 minute'
),
period AS MATERIALIZED (
  SELECT
    CASE WHEN first_five < last_five THEN greatest(first_five, last_five - interval '15 minutes') ELSE first_time END AS before_min,
    CASE WHEN first_five < last_five THEN last_five ELSE cut END AS before_max,
    cut AS now_min,
    end_time AS now_max
  FROM halved
),
compared AS MATERIALIZED (
  SELECT
    requests.*,
    extract(epoch FROM before_max - before_min)::float8 AS seconds_before,
    extract(epoch FROM now_max - now_min)::float8 AS seconds_now,
    now_min AS since
  FROM period
  CROSS JOIN LATERAL ps_trace.requests_compared(before_min, before_max, now_min, now_max) AS requests
),
measured AS (
  SELECT
    *,
    -- The number of calls now, had the rate not changed.
    calls_before * (seconds_now / seconds_before) AS calls_expected,
    errors_now / nullif(calls_now, 0)::float8 - errors_before / nullif(calls_before, 0)::float8 AS error_rate_difference,
    -- Variance-stabilizing transformations: the square root of a Poisson count and the arcsine of the square root of a
    -- share have a spread that does not depend on their value, also for few calls.
    sqrt(1 / (calls_now + 0.5) + 1 / (calls_before + 0.5)) AS share_spread
  FROM compared
),
scored AS (
  SELECT
    *,
    CASE
      WHEN abs(calls_now - calls_expected) >= 0.2 * calls_expected
        THEN 2 * (sqrt(calls_now + 0.375) - sqrt(calls_expected + 0.375)) / sqrt(1 + seconds_now / seconds_before)
      ELSE 0
    END AS rate_z,
    CASE
      WHEN abs(error_rate_difference) >= 0.01
        THEN 2 * (
          asin(sqrt((errors_now + 0.375) / (calls_now + 0.75))) - asin(sqrt((errors_before + 0.375) / (calls_before + 0.75)))
        ) / share_spread
      ELSE 0
    END AS error_z,
    -- The share of calls that are slower than the earlier 95th percentile. Buckets are 9 % wide, so a step of two counts.
    CASE
      WHEN percentile_ms_now > 1.18 * percentile_ms_before OR percentile_ms_before > 1.18 * percentile_ms_now
        THEN 2 * (
          asin(sqrt((slow_now + 0.375) / (calls_now + 0.75))) - asin(sqrt((slow_before + 0.375) / (calls_before + 0.75)))
        ) / share_spread
      ELSE 0
    END AS duration_z
  FROM measured
)
SELECT
  service_name, span_name,
  CASE greatest(abs(rate_z), abs(error_z), abs(duration_z))
    WHEN abs(error_z) THEN 'errors'
    WHEN abs(duration_z) THEN 'durations'
    ELSE 'rate'
  END AS changed,
  CASE greatest(abs(rate_z), abs(error_z), abs(duration_z))
    WHEN abs(error_z) THEN error_z
    WHEN abs(duration_z) THEN duration_z
    ELSE rate_z
  END AS z_score,
  calls_before / seconds_before AS calls_per_second_before,
  calls_now / seconds_now AS calls_per_second,
  errors_before / nullif(calls_before, 0)::float8 AS error_rate_before,
  errors_now / nullif(calls_now, 0)::float8 AS error_rate,
  percentile_ms_before AS p95_ms_before,
  percentile_ms_now AS p95_ms,
  since
FROM scored
WHERE greatest(abs(rate_z), abs(error_z), abs(duration_z)) >= 3
ORDER BY greatest(abs(rate_z), abs(error_z), abs(duration_z)) DESC, service_name, span_name
LIMIT 20;
