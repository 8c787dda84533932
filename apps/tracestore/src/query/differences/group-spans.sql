-- Returns the matching spans of some traces, counted by a value: one row for each of the most frequent values, and one for the
-- spans of all others, where `other_values` is not 0. `value` is NULL for spans without the value. Durations are percentiles in ns.
-- :'trace_ids'        the traces.
-- :'groups'           how many values have a row.
-- :'min_duration_ns'  the least duration of a trace in the range.
-- :'max_duration_ns'  the greatest duration of a trace in the range.
-- :matches            the condition of a search, see filter/span-condition.ts.
-- :value              the value of the span `s`, see group-values.sql.
-- :in_range           see find-traces/start-range.sql.
WITH spans AS MATERIALIZED (
  SELECT found.*
  FROM (
    SELECT ARRAY[known.trace_id] AS trace_ids, known.trace_id, known.start_min, known.start_max
    FROM tracestore.trace_times(:'trace_ids'::uuid[]) AS known
    OFFSET 0
  ) AS w
  CROSS JOIN LATERAL (
    SELECT
      (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_ns,
      (extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos AS end_ns,
      s.status_code IS NOT DISTINCT FROM 2 AS is_error,
      -- JSON is never empty, so that a missing value has a text of its own.
      coalesce(:value, '') AS value,
      :matches AS is_match,
      max((extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos) OVER ()
        - min((extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos) OVER () AS trace_ns
    FROM tracestore.span s
    WHERE s.trace_id = w.trace_id AND s.start_time BETWEEN w.start_min AND w.start_max
      AND :in_range
    OFFSET 0
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
