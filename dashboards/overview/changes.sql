-- What changed in the last five minutes of a range, against the time before them, up to an hour? Operations whose calls from
-- outside of their service come more or less often, fail more or less often, or last longer or shorter on the 95th
-- percentile than chance explains. departure says by how many standard errors the one that departed most did; below three
-- nothing is told. A store that is younger is compared from its beginning on; in a range of less than ten minutes, the
-- second half with the first.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
WITH bound AS MATERIALIZED (
  SELECT
    least(ps_trace.time_of(:'to'), (SELECT max(counted_at) FROM ps_trace.call_progress)) AS end_time,
    greatest(ps_trace.time_of(:'from'), ps_trace.time_of(:'to') - interval '1 hour') AS asked_from,
    -- Of what is older, figures are kept in whole five minutes alone.
    CASE WHEN ps_trace.time_of(:'to') < now() - interval '1 day' THEN interval '5 minutes' ELSE interval '10 seconds' END AS width
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
          WHERE time_bucket >= (SELECT asked_from FROM bound) AND time_bucket < (SELECT end_time FROM bound)
        ),
        asked_from
      ),
      'epoch'
    ) AS start_time
  FROM bound
),
period AS MATERIALIZED (
  SELECT
    start_time, end_time,
    date_bin(width, end_time - least(interval '5 minutes', (end_time - start_time) / 2), 'epoch') AS cut
  FROM aligned
  WHERE end_time - start_time >= interval '1 minute'
),
figure AS MATERIALIZED (
  SELECT false AS is_now, service_name, span_name, calls, errors, duration_class, duration_calls
  FROM ps_trace.operation_call((SELECT start_time FROM period), (SELECT cut FROM period), NULL)
  WHERE parent_service_name IS DISTINCT FROM service_name
  UNION ALL
  SELECT true, service_name, span_name, calls, errors, duration_class, duration_calls
  FROM ps_trace.operation_call((SELECT cut FROM period), (SELECT end_time FROM period), NULL)
  WHERE parent_service_name IS DISTINCT FROM service_name
),
-- By number, which is sorted and counted faster than by name.
total AS MATERIALIZED (
  SELECT
    row_number() OVER () AS operation, service_name, span_name,
    coalesce(sum(calls) FILTER (WHERE NOT is_now), 0)::float8 AS calls_before,
    coalesce(sum(calls) FILTER (WHERE is_now), 0)::float8 AS calls_now,
    coalesce(sum(errors) FILTER (WHERE NOT is_now), 0)::float8 AS errors_before,
    coalesce(sum(errors) FILTER (WHERE is_now), 0)::float8 AS errors_now
  FROM figure
  GROUP BY service_name, span_name
  HAVING sum(calls) > 0
),
entry AS MATERIALIZED (
  SELECT is_now, operation, class, sum(calls)::int8 AS calls
  FROM (
    SELECT is_now, operation, unnest(duration_class) AS class, unnest(duration_calls) AS calls
    FROM figure
    JOIN total USING (service_name, span_name)
  ) AS unnested
  GROUP BY is_now, operation, class
  HAVING sum(calls) > 0
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY operation, is_now ORDER BY class) AS so_far,
    sum(calls) OVER (PARTITION BY operation, is_now) AS of_calls
  FROM entry
),
percentile AS MATERIALIZED (
  SELECT
    operation,
    min(class) FILTER (WHERE NOT is_now AND so_far >= 0.95 * of_calls) AS class_before,
    min(class) FILTER (WHERE is_now AND so_far >= 0.95 * of_calls) AS class_now
  FROM ranked
  GROUP BY operation
),
slow AS MATERIALIZED (
  SELECT
    operation,
    coalesce(sum(e.calls) FILTER (WHERE NOT e.is_now AND e.class > p.class_before), 0)::float8 AS slow_before,
    coalesce(sum(e.calls) FILTER (WHERE e.is_now AND e.class > p.class_before), 0)::float8 AS slow_now
  FROM entry e
  JOIN percentile p USING (operation)
  GROUP BY operation
),
measured AS (
  SELECT
    *,
    extract(epoch FROM cut - start_time)::float8 AS seconds_before,
    extract(epoch FROM end_time - cut)::float8 AS seconds_now,
    -- Calls to be expected now, if they came as often as before.
    calls_before * (extract(epoch FROM end_time - cut) / extract(epoch FROM cut - start_time))::float8 AS calls_expected,
    (errors_before + errors_now) / (calls_before + calls_now) AS errors_both,
    (slow_before + slow_now) / (calls_before + calls_now) AS slow_both
  FROM total
  JOIN percentile USING (operation)
  JOIN slow USING (operation)
  CROSS JOIN period
),
departed AS (
  SELECT
    *,
    -- The square root of a count that comes by chance has the same spread whatever the count is.
    CASE
      WHEN abs(calls_now - calls_expected) >= 0.2 * calls_expected
        THEN 2 * (sqrt(calls_now + 0.375) - sqrt(calls_expected + 0.375)) / sqrt(1 + seconds_now / seconds_before)
      ELSE 0
    END AS rate_departure,
    -- Two shares, against what they would be if both were one.
    CASE
      WHEN calls_before > 0 AND calls_now > 0 AND errors_both > 0 AND errors_both < 1
        AND abs(errors_now / calls_now - errors_before / calls_before) >= 0.01
        THEN (errors_now / calls_now - errors_before / calls_before)
          / sqrt(errors_both * (1 - errors_both) * (1 / calls_now + 1 / calls_before))
      ELSE 0
    END AS error_departure,
    -- The same of the share of calls that last longer than 95 % did before. A class is 9 % wide.
    CASE
      WHEN calls_before > 0 AND calls_now > 0 AND slow_both > 0 AND slow_both < 1 AND abs(class_now - class_before) >= 2
        THEN (slow_now / calls_now - slow_before / calls_before)
          / sqrt(slow_both * (1 - slow_both) * (1 / calls_now + 1 / calls_before))
      ELSE 0
    END AS duration_departure
  FROM measured
)
SELECT
  service_name, span_name,
  CASE greatest(abs(rate_departure), abs(error_departure), abs(duration_departure))
    WHEN abs(error_departure) THEN 'errors'
    WHEN abs(duration_departure) THEN 'durations'
    ELSE 'rate'
  END AS changed,
  CASE greatest(abs(rate_departure), abs(error_departure), abs(duration_departure))
    WHEN abs(error_departure) THEN error_departure
    WHEN abs(duration_departure) THEN duration_departure
    ELSE rate_departure
  END AS departure,
  calls_before / seconds_before AS calls_per_second_before,
  calls_now / seconds_now AS calls_per_second,
  errors_before / nullif(calls_before, 0) AS error_rate_before,
  errors_now / nullif(calls_now, 0) AS error_rate,
  ps_trace.class_ms(class_before) AS p95_ms_before,
  ps_trace.class_ms(class_now) AS p95_ms,
  cut AS since
FROM departed
WHERE greatest(abs(rate_departure), abs(error_departure), abs(duration_departure)) >= 3
ORDER BY greatest(abs(rate_departure), abs(error_departure), abs(duration_departure)) DESC, service_name, span_name
LIMIT 20;
