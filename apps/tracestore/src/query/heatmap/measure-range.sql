-- Returns how much a search would have to read: how many blocks and spans a range has, among its newest blocks, and how many of
-- these may match. `oldest_us` is the end of the oldest of these blocks, in µs since 1970; NULL if there is none.
-- :'start_min'    the first start of a span.
-- :'start_max'    the last start of a span.
-- :'block_limit'  how many blocks to test.
-- :may_match      whether a block `b` may match, see filter/block-condition.ts.
SELECT
  count(*) AS blocks,
  count(*) FILTER (WHERE may_match) AS candidate_blocks,
  coalesce(sum(span_count), 0) AS spans,
  coalesce(sum(span_count) FILTER (WHERE may_match), 0) AS candidate_spans,
  (extract(epoch FROM min(start_max)) * 1000000)::int8 AS oldest_us
FROM (
  SELECT b.span_count, b.start_max, :may_match AS may_match
  FROM tracestore.span_block b
  -- No block has spans of more than an hour.
  WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz + interval '1 hour'
    AND b.start_min <= :'start_max'::timestamptz
  ORDER BY b.start_max DESC
  LIMIT :'block_limit'
) AS block
