-- Returns the operations that were seen last, as many as fit: service, name and kind of span. Kinds that OTLP does not define
-- count as unspecified.
-- :'service_name'  only of this service; NULL for all.
-- :'span_kind'     only of this kind, as OTLP's number; NULL for all.
-- :'max_bytes'     the limit on the bytes of all names, with 200 more for each operation.
WITH named AS (
  SELECT
    service_name COLLATE "C" AS service_name,
    span_name COLLATE "C" AS span_name,
    CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END AS span_kind,
    max(last_seen) AS last_seen
  FROM tracestore.operation
  WHERE (:'service_name'::text IS NULL OR service_name = :'service_name')
    AND (:'span_kind'::int4 IS NULL OR CASE WHEN span_kind BETWEEN 1 AND 5 THEN span_kind ELSE 0 END = :'span_kind')
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
WHERE bytes <= :'max_bytes'
ORDER BY service_name, span_name, span_kind;
