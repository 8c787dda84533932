-- Which of the traces $3 have a span that fulfils a condition, started from $1 and $5 ns to $2 and $6 ns, and took longer than
-- $4 ns? These have their place on an earlier page.
--
-- {{row}} is so of the span s, {{duration}} is how long that took.
SELECT DISTINCT s.trace_id
FROM (SELECT $3::uuid[] AS trace_ids, $1::timestamptz AS start_min, $2::timestamptz AS start_max OFFSET 0) AS w
JOIN tracestore.span s ON s.trace_id = ANY (w.trace_ids)
WHERE s.start_time BETWEEN $1::timestamptz AND $2::timestamptz
  AND (s.start_time > $1::timestamptz OR s.start_nanos >= $5) AND (s.start_time < $2::timestamptz OR s.start_nanos <= $6)
  AND {{duration}} > $4::numeric
  AND {{row}}
