-- The operations of service $1, or of every service where $1 is NULL: service, name and kind of their spans, those of
-- kind $2 (OTLP's number) where $2 is not NULL. Kinds that OTLP does not define count as unspecified. Of more names than
-- fit into $3 bytes, 200 more for each, the list has those that were seen last.
WITH named AS (
  SELECT
    service_name COLLATE "C" AS service_name,
    span_name COLLATE "C" AS span_name,
    CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END AS span_kind,
    max(last_seen) AS last_seen
  FROM tracestore.operation
  WHERE ($1::text IS NULL OR service_name = $1)
    AND ($2::int4 IS NULL OR CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END = $2)
  GROUP BY 1, 2, 3
),
measured AS (
  SELECT
    service_name,
    span_name,
    span_kind,
    sum(200 + octet_length(service_name) + octet_length(span_name))
      OVER (ORDER BY last_seen DESC, service_name, span_name, span_kind) AS bytes
  FROM named
)
SELECT service_name, span_name, span_kind
FROM measured
WHERE bytes <= $3
ORDER BY 1, 2, 3
