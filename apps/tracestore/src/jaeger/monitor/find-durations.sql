-- Returns the number of calls of services, by bucket of time, bucket of duration (ps_trace.bucket_ms) and, if wanted, operation.
-- :'start_min'      the first start of a call.
-- :'before'         the end of the range, exclusive.
-- :'bucket'         the width of a bucket of time, an interval.
-- :'service_names'  the services.
-- :'span_kinds'     the kinds of spans.
-- :'by_operation'   whether to group by operation.
SELECT
  extract(epoch FROM c.time_bucket)::int8 AS bucket_seconds,
  c.service_name,
  CASE WHEN :'by_operation' THEN c.span_name ELSE '' END AS span_name,
  d.bucket,
  sum(d.calls)::int8 AS calls
FROM ps_trace.operation_call(:'start_min'::timestamptz, :'before'::timestamptz, :'bucket'::interval) c
CROSS JOIN LATERAL unnest(c.duration_bucket, c.duration_calls) AS d (bucket, calls)
WHERE c.service_name = ANY (:'service_names'::text[]) AND c.span_kind::text = ANY (:'span_kinds'::text[])
GROUP BY 1, 2, 3, 4
HAVING sum(d.calls) <> 0
ORDER BY 2, 3, 1, 4
