-- Returns the errors of a service in a range, grouped by exception type and message; without an exception, by the message of
-- the status. A span counts once in each of its groups. There is at least one row, and every row has the totals.
--
-- The aggregates tell the steps in which an operation has errors, so only these are read, the newest first. The spans to read
-- are bounded twice: by the failed spans that are found, and by all spans of these steps.
-- :'service'    the service.
-- :'start_min'  the start of the range.
-- :'start_max'  the end of the range.
-- :'step'       the width of the steps of the aggregates to look at.
-- :'max_spans'  how many failed spans to read.
-- :'max_scan'   how many spans to scan for these.
-- :'limit'      how many groups to return.
WITH aggregate AS MATERIALIZED (
  SELECT time_bucket, span_name, span_kind, sum(calls)::int8 AS calls, sum(errors)::int8 AS errors
  FROM ps_trace.operation_call(:'start_min'::timestamptz, :'start_max'::timestamptz, :'step'::interval)
  WHERE service_name = :'service'
  GROUP BY time_bucket, span_name, span_kind
  HAVING sum(errors) > 0
),
bucket AS MATERIALIZED (
  SELECT measured.time_bucket, measured.span_name, o.id AS operation_id
  FROM (
    SELECT time_bucket, span_name, span_kind, sum(calls) OVER (ORDER BY time_bucket DESC, span_name, span_kind) - calls AS scanned_before
    FROM aggregate
  ) AS measured
  JOIN tracestore.operation o
    ON o.service_name = :'service' AND o.span_name = measured.span_name AND tracestore.span_kind(o.span_kind) = measured.span_kind
  WHERE measured.scanned_before < :'max_scan'::int8
  ORDER BY measured.time_bucket DESC
),
failed AS MATERIALIZED (
  SELECT spans.*, b.span_name
  FROM bucket b
  CROSS JOIN LATERAL (
    SELECT scanned.trace_id, scanned.span_id, scanned.start_time, scanned.start_nanos, scanned.instance, scanned.status_message
    FROM (
      SELECT s.trace_id, s.span_id, s.start_time, s.start_nanos, s.instance, s.status_code, s.status_message
      FROM tracestore.span s
      WHERE s.operation_id = b.operation_id AND s.start_time >= greatest(b.time_bucket, :'start_min'::timestamptz)
        AND s.start_time < b.time_bucket + :'step'::interval AND s.start_time <= :'start_max'::timestamptz
      ORDER BY s.start_time DESC
      LIMIT :'max_scan'::int8
    ) AS scanned
    WHERE scanned.status_code = 2
  ) AS spans
  LIMIT :'max_spans'
),
error AS (
  SELECT
    f.trace_id,
    f.span_id,
    f.span_name,
    f.start_time,
    f.start_nanos,
    e.type,
    CASE WHEN e.event_nbr IS NULL THEN left(f.status_message, 500) ELSE e.message END AS message
  FROM failed f
  LEFT JOIN LATERAL (
    SELECT
      min(x.event_nbr) AS event_nbr,
      left(x.attributes ->> 'exception.type', 200) AS type,
      left(x.attributes ->> 'exception.message', 500) AS message
    FROM (
      SELECT v.event_nbr, v.attributes
      FROM tracestore.event v
      WHERE v.trace_id = f.trace_id AND v.span_id = f.span_id AND v.span_instance = f.instance
        AND v.span_start_time = f.start_time AND v.name = 'exception'
      ORDER BY v.event_nbr
      LIMIT 10
    ) AS x
    GROUP BY 2, 3
  ) AS e ON true
),
grouped AS (
  SELECT
    type,
    message,
    count(*)::int4 AS spans,
    min((extract(epoch FROM start_time) * 1000000)::int8 * 1000 + start_nanos)::text AS first_seen_unix_nano,
    max((extract(epoch FROM start_time) * 1000000)::int8 * 1000 + start_nanos)::text AS last_seen_unix_nano,
    (array_agg(replace(trace_id::text, '-', '') ORDER BY start_time DESC, trace_id, span_id))[1] AS trace_id,
    (array_agg(lpad(to_hex(span_id), 16, '0') ORDER BY start_time DESC, trace_id, span_id))[1] AS span_id,
    (array_agg(span_name ORDER BY start_time DESC, trace_id, span_id))[1] AS span_name,
    (count(*) OVER ())::int4 AS group_count
  FROM error
  GROUP BY type, message
  ORDER BY spans DESC, type, message
  LIMIT :'limit'
)
SELECT total.failed_spans, total.read_spans, g.*
FROM (
  SELECT
    (SELECT coalesce(sum(errors), 0)::float8 FROM aggregate) AS failed_spans,
    (SELECT count(*)::int4 FROM failed) AS read_spans
) AS total
LEFT JOIN grouped g ON true
ORDER BY g.spans DESC, g.type, g.message
