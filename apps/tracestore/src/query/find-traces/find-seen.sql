-- Returns those of some traces that an earlier page has: they have a span that matches the search and took longer than the
-- last trace of that page, or started later.
-- :'trace_ids'        the traces.
-- :'start_min'        the first start of a span.
-- :'start_max'        the last start of a span.
-- :'longer_than_ns'   a span must have taken longer than this, in ns.
-- :duration           how long the span `s` took, in ns.
-- :in_range           see start-range.sql.
-- :matches            the condition of the search, see filter/span-condition.ts.
SELECT DISTINCT s.trace_id
FROM (
  SELECT :'trace_ids'::uuid[] AS trace_ids, :'start_min'::timestamptz AS start_min, :'start_max'::timestamptz AS start_max
  OFFSET 0
) AS w
JOIN tracestore.span s ON s.trace_id = ANY (w.trace_ids)
WHERE :in_range
  AND :duration > :'longer_than_ns'::numeric
  AND :matches
