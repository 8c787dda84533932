-- Returns the versions of a service (service.version of its resource) in a range, in the order of their first spans. They come
-- from a sample: the first spans of some operations in each of 240 steps. So the time is exact to a step, and a version with a
-- small share of the spans may be seen some steps late. `is_new`: the version was not in the first step that has spans.
-- :'service'     the service.
-- :'start_min'   the first start of a span.
-- :'start_max'   the last start of a span.
-- :'operations'  how many operations to sample: those that were seen last, servers and consumers first.
-- :'spans'       how many spans of an operation to read in each step.
-- :'limit'       how many versions to return, the first ones.
WITH operation AS MATERIALIZED (
  SELECT id
  FROM tracestore.operation
  WHERE service_name = :'service'
  -- OTLP's numbers: 2 is a server, 5 a consumer.
  ORDER BY span_kind IN (2, 5) DESC, last_seen DESC, id
  LIMIT :'operations'
),
kept AS MATERIALIZED (
  -- The range without the part that has no spans.
  SELECT
    greatest(:'start_min'::timestamptz, (
      SELECT min(s.start_time)
      FROM operation o
      CROSS JOIN LATERAL (
        SELECT start_time FROM tracestore.span
        WHERE operation_id = o.id AND start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
        ORDER BY start_time
        LIMIT 1
      ) AS s
    )) AS first_time,
    least(:'start_max'::timestamptz, (
      SELECT max(s.start_time)
      FROM operation o
      CROSS JOIN LATERAL (
        SELECT start_time FROM tracestore.span
        WHERE operation_id = o.id AND start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
        ORDER BY start_time DESC
        LIMIT 1
      ) AS s
    )) AS last_time
),
step AS MATERIALIZED (
  SELECT number, first_time + number * width AS start_time, first_time + (number + 1) * width AS end_time
  FROM (SELECT first_time, greatest((last_time - first_time) / 240, interval '1 second') AS width FROM kept) AS measured
  CROSS JOIN generate_series(0, 240) AS number
),
sample AS MATERIALIZED (
  SELECT step.number, spans.resource_id, min(spans.start_time) AS start_time
  FROM step
  CROSS JOIN operation o
  CROSS JOIN LATERAL (
    SELECT s.resource_id, s.start_time
    FROM tracestore.span s
    WHERE s.operation_id = o.id AND s.start_time >= step.start_time AND s.start_time < step.end_time
      AND s.start_time <= :'start_max'::timestamptz
    ORDER BY s.start_time
    LIMIT :'spans'
  ) AS spans
  GROUP BY step.number, spans.resource_id
),
seen AS (
  SELECT left(r.attributes ->> 'service.version', 200) AS version, min(s.number) AS number, min(s.start_time) AS start_time
  FROM sample s
  JOIN tracestore.resource r ON r.id = s.resource_id
  WHERE r.attributes ? 'service.version'
  GROUP BY 1
)
SELECT
  version,
  (extract(epoch FROM start_time) * 1000000)::int8::text || '000' AS first_seen_unix_nano,
  number > (SELECT min(number) FROM sample) AS is_new
FROM seen
WHERE version <> ''
ORDER BY start_time, version
LIMIT :'limit'
