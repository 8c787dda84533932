-- Which traces have spans that fulfil a condition, by what the next $4 blocks say of which the longest span took at most
-- $3 ns: slowest first, those left out that cannot have such a span? Only spans count that started from $1 and $6 ns to
-- $2 and $7 ns and traces other than $5. The position of a trace is the duration of the longest such span of it
-- in these blocks, in ns.
-- One row comes in any case; it says how far this went: no span of other blocks took `reached` or longer, and there are no
-- other blocks if that is NULL. And whether fewer than $4 blocks were found.
--
-- {{block}} may be so of the block b, {{row}} is so of the span s, {{duration}} is how long that took.
WITH portion AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids, b.duration_ns_max
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN $1::timestamptz AND $2::timestamptz + interval '1 hour' AND b.start_min <= $2::timestamptz
    AND b.duration_ns_max <= $3::int8
    AND {{block}}
  ORDER BY b.duration_ns_max DESC
  FETCH FIRST ($4::int8) ROWS WITH TIES
),
-- Traces of one block are looked up together; one that is in several blocks only once.
lookup AS MATERIALIZED (
  SELECT array_agg(trace_id) AS trace_ids, start_min, start_max
  FROM (
    SELECT trace_id, min(p.start_min) AS start_min, max(p.start_max) AS start_max
    FROM portion p, unnest(p.trace_ids) AS trace_id
    WHERE trace_id <> ALL ($5::uuid[])
    GROUP BY trace_id
  ) AS traces
  GROUP BY start_min, start_max
),
found AS (
  SELECT spans.trace_id, max(spans.duration_ns) AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, {{duration}} AS duration_ns
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN $1::timestamptz AND $2::timestamptz
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $6) AND (s.start_time < $2::timestamptz OR s.start_nanos <= $7)
      AND {{row}}
    -- Keeps the condition's own lookups, which are made once for all spans, in here.
    OFFSET 0
  ) AS spans
  GROUP BY spans.trace_id
)
SELECT
  CASE WHEN so_far.blocks >= $4 THEN so_far.reached END AS reached,
  so_far.blocks < $4 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(duration_ns_max) AS reached FROM portion) AS so_far
LEFT JOIN found ON true
