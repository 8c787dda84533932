-- Which traces have spans of the operations $8, by the newest $4 of each that started before $3? Only spans count that started
-- from $1 and $6 ns to $2 and $7 ns, and traces other than $5. The position of a trace is the start of the newest of these
-- spans of it, in µs.
-- One row comes in any case; it says how far this went: no other span of them started at `reached` or after, and there are
-- no others if that is NULL.
WITH newest AS MATERIALIZED (
  SELECT o.operation_id, spans.trace_id, spans.start_time
  FROM unnest($8::int8[]) AS o (operation_id)
  CROSS JOIN LATERAL (
    SELECT s.trace_id, s.start_time
    FROM tracestore.span s
    WHERE s.operation_id = o.operation_id AND s.start_time < $3::timestamptz
      AND s.start_time BETWEEN $1::timestamptz AND $2::timestamptz
      AND (s.start_time > $1::timestamptz OR s.start_nanos >= $6) AND (s.start_time < $2::timestamptz OR s.start_nanos <= $7)
      AND s.trace_id <> ALL ($5::uuid[])
    ORDER BY s.start_time DESC
    FETCH FIRST ($4::int8) ROWS WITH TIES
  ) AS spans
),
so_far AS (
  SELECT max(reached) AS reached
  FROM (SELECT min(start_time) AS reached FROM newest GROUP BY operation_id HAVING count(*) >= $4) AS of_each
)
SELECT
  (extract(epoch FROM so_far.reached) * 1000000)::int8 AS reached,
  false AS is_rare,
  found.trace_id,
  found.position
FROM so_far
LEFT JOIN (
  SELECT trace_id, (extract(epoch FROM max(start_time)) * 1000000)::int8 AS position FROM newest GROUP BY trace_id
) AS found ON true
