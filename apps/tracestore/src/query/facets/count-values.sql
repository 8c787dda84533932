-- Returns the most frequent values of some facets among the spans that match a search, and in how many traces each of them is.
-- `value` is a text, or JSON for the value of an attribute. The row of facet NULL has how many traces and spans were read.
--
-- Facet 0 is the service, 1 the name of the operation, 2 the kind and 3 the status, as numbers of OTLP; 4 and more are keys.
-- :'start_min'    the first start of a span.
-- :'start_max'    the last start of a span.
-- :may_match      whether a block `b` may match, see filter/block-condition.ts.
-- :'every'        read one of so many of these blocks.
-- :'block_limit'  how many blocks to choose from, the newest ones.
-- :traces         see find-traces/traces-of-batch.sql.
-- :matches        the condition of the search, see filter/span-condition.ts.
-- :counted        which of the spans to count, see counted-spans.sql.
-- :'keys'         keys of attributes.
-- :'most_values'  how many values of each facet to return.
WITH batch AS MATERIALIZED (
  SELECT start_min, start_max, trace_ids
  FROM (
    SELECT b.start_min, b.start_max, b.trace_ids, row_number() OVER (ORDER BY b.start_max DESC) AS nr
    FROM tracestore.span_block b
    -- No block has spans of more than an hour.
    WHERE b.start_max BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz + interval '1 hour'
      AND b.start_min <= :'start_max'::timestamptz
      AND :may_match
    ORDER BY b.start_max DESC
    LIMIT :'block_limit'
  ) AS candidate
  WHERE nr % :'every'::int8 = 0
),
lookup AS MATERIALIZED (
  :traces
),
sample AS MATERIALIZED (
  SELECT spans.*, w.start_min, w.start_max
  FROM lookup w
  CROSS JOIN LATERAL (
    SELECT
      s.trace_id, s.operation_id, s.resource_id, s.status_code,
      CASE WHEN cardinality(:'keys'::text[]) > 0 THEN s.attributes END AS attributes
    FROM tracestore.span s
    WHERE s.trace_id = ANY (w.trace_ids) AND s.start_time BETWEEN w.start_min AND w.start_max
      AND s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
      AND :matches
    OFFSET 0
  ) AS spans
),
counted AS MATERIALIZED (
  :counted
),
-- Each value of a trace once: hashing is faster than the sort of count(DISTINCT).
entry AS (
  SELECT counted.trace_id, of_operation.facet, of_operation.value
  FROM counted
  JOIN tracestore.operation o ON o.id = counted.operation_id
  CROSS JOIN LATERAL (
    VALUES (0, o.service_name), (1, o.span_name), (2, o.span_kind::text), (3, coalesce(counted.status_code, 0)::text)
  ) AS of_operation (facet, value)
  UNION
  SELECT counted.trace_id, 3 + k.nr::int4, attribute.value::text
  FROM counted
  CROSS JOIN unnest(:'keys'::text[]) WITH ORDINALITY AS k (key, nr)
  LEFT JOIN tracestore.resource r ON r.id = counted.resource_id
  CROSS JOIN LATERAL (SELECT coalesce(counted.attributes -> k.key, r.attributes -> k.key)) AS attribute (value)
  -- A longer text is no value to choose.
  WHERE length(attribute.value::text) <= 300
),
ranked AS (
  SELECT
    facet, value,
    count(*) AS traces,
    row_number() OVER (PARTITION BY facet ORDER BY count(*) DESC, value COLLATE "C") AS rank,
    count(*) OVER (PARTITION BY facet) AS value_count
  FROM entry
  GROUP BY facet, value
)
SELECT facet, value, traces, NULL AS spans, value_count
FROM ranked
WHERE rank <= :'most_values'
UNION ALL
SELECT NULL, NULL, count(DISTINCT trace_id), count(*), 0
FROM counted
