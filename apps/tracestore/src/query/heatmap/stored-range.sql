-- Returns the range of the stored spans, and up to when all of them are in the aggregates, in µs since 1970. The first two are
-- NULL if there is no span, the third one if none was counted yet.
SELECT
  (extract(epoch FROM (SELECT b.start_min FROM tracestore.span_block b ORDER BY b.start_max LIMIT 1)) * 1000000)::int8 AS first_us,
  (extract(epoch FROM (SELECT max(b.start_max) FROM tracestore.span_block b)) * 1000000)::int8 AS last_us,
  (extract(epoch FROM s.counted_at) * 1000000)::int8 AS counted_us
FROM tracestore.call_state s
