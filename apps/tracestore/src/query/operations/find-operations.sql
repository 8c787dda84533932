-- What does service $1 do, or every service where it is NULL? Kind and name of its spans, those of kind $2 (OTLP's number)
-- where that is not NULL. Kinds that OTLP does not know are unspecified.
SELECT DISTINCT
  service_name COLLATE "C" AS service_name,
  span_name COLLATE "C" AS span_name,
  CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END AS span_kind
FROM tracestore.operation
WHERE ($1::text IS NULL OR service_name = $1)
  AND ($2::int4 IS NULL OR CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END = $2)
ORDER BY 1, 2, 3
