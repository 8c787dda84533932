-- Which traces have spans that fulfil a condition, by what the next $4 blocks say of which the last span started before
-- $3: newest first, those left out that cannot have such a span? Only spans count that started from $1 and $6 ns to $2 and
-- $7 ns, and traces other than $5. The position of a trace is the start of the newest such span of it in these blocks, in µs.
-- $8 blocks are gone through for that, those that are left out among them; 0 for all.
-- One row comes in any case; it says how far this went: no span of other blocks started at `reached` or after, and there
-- are no other blocks if that is NULL. And whether fewer than $4 blocks were found.
--
-- {{since}} is where that ends, as far as the planner should know. {{block}} may be so of the block b, {{row}} is so of the
-- span s.
WITH gone_through AS MATERIALIZED (
  SELECT count(*) AS blocks, min(start_max) AS reached
  FROM (
    SELECT b.start_max
    FROM tracestore.span_block b
    WHERE b.start_max >= $1::timestamptz AND b.start_max < $3::timestamptz AND b.start_min <= $2::timestamptz
    ORDER BY b.start_max DESC
    FETCH FIRST ($8::int8) ROWS WITH TIES
  ) AS next_blocks
),
portion AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.trace_ids
  FROM tracestore.span_block b
  WHERE b.start_max >= {{since}} AND b.start_max < $3::timestamptz AND b.start_min <= $2::timestamptz
    AND {{block}}
  ORDER BY b.start_max DESC
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
  SELECT spans.trace_id, (extract(epoch FROM max(spans.start_time)) * 1000000)::int8 AS position
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
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
  (extract(epoch FROM CASE
    WHEN so_far.blocks >= $4 THEN so_far.reached
    WHEN gone_through.blocks >= $8 THEN gone_through.reached
  END) * 1000000)::int8 AS reached,
  so_far.blocks < $4 AS is_rare,
  found.trace_id,
  found.position
FROM (SELECT count(*) AS blocks, min(start_max) AS reached FROM portion) AS so_far
CROSS JOIN gone_through
LEFT JOIN found ON true
