-- Returns the spans that match a search in the next blocks, highest position first. `position` is the start of the span in ns
-- since 1970, or its duration in ns.
--
-- There is at least one row, and every row says how far the search got. No span of another block has a position of
-- `low_water_mark` or higher; it is NULL if there is no other block.
--
-- :'start_min'    the first start of a span.
-- :'start_max'    the last start of a span.
-- :'block_limit'  how many blocks to read.
-- :may_match      whether a block `b` may match, see filter/block-condition.ts.
-- :block_order    see span-orders.sql.
-- :block_mark     see span-orders.sql.
-- :position       see span-orders.sql.
-- :traces         see find-traces/traces-of-batch.sql.
-- :spans          see find-traces/spans-of-lookup.sql.
-- :start_ns       when the span `s` started, in ns since 1970.
-- :duration       how long it took, in ns.
-- :'after'        leave out spans with a higher position; NULL for none.
-- :'after_trace'  leave out spans with this position that come before this trace and span in the order of ids.
-- :'after_span'   the span.
-- :'keys'         the keys of the attributes to return.
-- :'limit'        how many spans to return.
WITH next_block AS MATERIALIZED (
  SELECT b.start_min, b.start_max, b.duration_ns_max, b.trace_ids, :may_match AS may_match
  FROM tracestore.span_block b
  -- No block has spans of more than an hour.
  WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz + interval '1 hour'
    AND b.start_min <= :'start_max'::timestamptz
  ORDER BY :block_order DESC
  FETCH FIRST (:'block_limit'::int8) ROWS WITH TIES
),
batch AS (
  SELECT start_min, start_max, trace_ids FROM next_block WHERE may_match
),
lookup AS MATERIALIZED (
  :traces
),
read AS (
  SELECT CASE WHEN count(*) >= :'block_limit' THEN :block_mark END AS low_water_mark FROM next_block b
),
found AS (
  SELECT spans.*
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT
      s.trace_id,
      s.span_id,
      s.parent_span_id,
      s.operation_id,
      s.resource_id,
      s.status_code,
      s.status_message,
      s.attributes,
      :position AS position,
      :start_ns AS start_ns,
      :duration AS duration_ns
    :spans
  ) AS spans
  CROSS JOIN read
  WHERE spans.position >= coalesce(read.low_water_mark, 0)
    AND (
      :'after'::numeric IS NULL OR spans.position < :'after'
      OR (spans.position = :'after' AND (spans.trace_id, spans.span_id) > (:'after_trace'::uuid, :'after_span'::int8))
    )
  ORDER BY spans.position DESC, spans.trace_id, spans.span_id
  LIMIT :'limit'::int8
)
SELECT
  read.low_water_mark,
  found.trace_id,
  found.span_id,
  found.parent_span_id,
  found.position,
  found.start_ns,
  found.duration_ns,
  found.status_code,
  left(found.status_message, 200) AS status_message,
  o.service_name,
  o.span_name,
  CASE WHEN o.span_kind BETWEEN 1 AND 5 THEN o.span_kind ELSE 0 END AS span_kind,
  -- A value may be long.
  ARRAY(
    SELECT left(coalesce(found.attributes -> k.key, r.attributes -> k.key)::text, 1000)
    FROM unnest(:'keys'::text[]) WITH ORDINALITY AS k (key, n)
    ORDER BY k.n
  ) AS attribute_values
FROM read
LEFT JOIN found ON true
LEFT JOIN tracestore.operation o ON o.id = found.operation_id
LEFT JOIN tracestore.resource r ON r.id = found.resource_id
ORDER BY found.position DESC, found.trace_id, found.span_id
