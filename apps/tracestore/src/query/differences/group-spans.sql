-- Returns the matching spans of some traces, counted by a value: one row for each of the most frequent values, and one for the
-- spans of all others, where `other_values` is not 0. `value` is NULL for spans without the value. Durations are percentiles in ns.
-- :lookup             the traces, see lookup-of-sample.sql.
-- :spans              their spans, see spans-of-sample.sql.
-- :start_ns           when the span `s` started, in ns since 1970.
-- :end_ns             when it ended.
-- :'groups'           how many values have a row.
-- :'min_duration_ns'  the least duration of a trace in the range.
-- :'max_duration_ns'  the greatest duration of a trace in the range.
-- :matches            the condition of a search, see filter/span-condition.ts.
-- :value              the value of the span `s`, see group-values.sql.
WITH spans AS MATERIALIZED (
  SELECT found.*
  FROM :lookup
  CROSS JOIN LATERAL (
    SELECT
      :start_ns AS start_ns,
      :end_ns AS end_ns,
      s.status_code IS NOT DISTINCT FROM 2 AS is_error,
      -- JSON is never empty, so that a missing value has a text of its own.
      coalesce(:value, '') AS value,
      :matches AS is_match,
      max(:end_ns) OVER ()
        - min(:start_ns) OVER () AS trace_ns
    :spans
  ) AS found
  WHERE found.is_match
    AND found.trace_ns >= :'min_duration_ns'::numeric AND found.trace_ns <= :'max_duration_ns'::numeric
),
counted AS MATERIALIZED (
  SELECT value, row_number() OVER (ORDER BY count(*) DESC, value) AS rank
  FROM spans
  GROUP BY value
),
numbered AS (
  SELECT
    least(counted.rank, :'groups'::int8 + 1) AS rank, counted.rank AS own_rank,
    spans.value, spans.is_error, greatest(spans.end_ns - spans.start_ns, 0) AS duration_ns
  FROM spans
  JOIN counted ON counted.value = spans.value
)
SELECT
  CASE WHEN rank <= :'groups'::int8 THEN nullif(min(value), '') END AS value,
  CASE WHEN rank > :'groups'::int8 THEN count(DISTINCT own_rank) ELSE 0 END::int4 AS other_values,
  count(*)::int4 AS calls,
  (count(*) FILTER (WHERE is_error))::int4 AS errors,
  percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ns)::float8[] AS percentiles_ns
FROM numbered
GROUP BY rank
ORDER BY rank
