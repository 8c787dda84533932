-- Returns a random sample of the traces in the blocks that may match a condition, in the order of a hash of their ids. The hash
-- does not depend on the time, size or content of a trace. `sampled_share` is the share of all traces that have a hash up to that
-- of the last row; 1 when these are all traces.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
-- :'limit'      how many traces to return.
-- :may_match    whether a block `b` may match, see filter/block-condition.ts.
WITH block AS MATERIALIZED (
  SELECT b.trace_ids, b.span_count
  FROM tracestore.span_block b
  WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz + interval '1 hour'
    AND b.start_min <= :'start_max'::timestamptz
    AND :may_match
),
-- Most traces have fewer than 40 spans. With more, the sample is smaller than the limit, and remains random.
bound AS MATERIALIZED (
  SELECT least(1, :'limit'::numeric * 40 / greatest(coalesce(sum(span_count), 0), 1)) AS share
  FROM block
),
hashed AS (
  SELECT trace_id, uuid_hash_extended(trace_id, 0) AS hash
  FROM block, unnest(block.trace_ids) AS trace_id
),
sampled AS (
  SELECT hashed.trace_id, hashed.hash
  FROM hashed
  WHERE hashed.hash <= (
    SELECT least(9223372036854775807, floor(bound.share * 18446744073709551616) - 9223372036854775808)::int8 FROM bound
  )
  GROUP BY hashed.trace_id, hashed.hash
  ORDER BY hashed.hash, hashed.trace_id
  LIMIT :'limit'::int8
)
SELECT
  sampled.trace_id,
  CASE
    WHEN count(*) OVER () < :'limit'::int8 THEN bound.share
    ELSE (max(sampled.hash) OVER () + 9223372036854775808) / 18446744073709551616
  END::float8 AS sampled_share
FROM sampled
CROSS JOIN bound
ORDER BY sampled.hash, sampled.trace_id
