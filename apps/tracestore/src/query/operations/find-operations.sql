-- Returns all operations: service, name and kind of span. Kinds that OTLP does not define count as unspecified.
-- :'service_name'  only of this service; NULL for all.
-- :'span_kind'     only of this kind, as OTLP's number; NULL for all.
SELECT DISTINCT
  service_name COLLATE "C" AS service_name,
  span_name COLLATE "C" AS span_name,
  CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END AS span_kind
FROM tracestore.operation
WHERE (:'service_name'::text IS NULL OR service_name = :'service_name')
  AND (:'span_kind'::int4 IS NULL OR CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END = :'span_kind')
ORDER BY 1, 2, 3;
