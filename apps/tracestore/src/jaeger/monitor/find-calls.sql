-- How many calls of services $4 that are of kinds $5 started in each bucket of $3 from $1 to before $2, and how many of
-- them failed? By operation where $6.
SELECT
  extract(epoch FROM c.time_bucket)::int8 AS bucket_seconds,
  c.service_name,
  CASE WHEN $6 THEN c.span_name ELSE '' END AS span_name,
  sum(c.calls)::int8 AS calls,
  sum(c.errors)::int8 AS errors
FROM ps_trace.operation_call($1::timestamptz, $2::timestamptz, $3::interval) c
WHERE c.service_name = ANY ($4::text[]) AND c.span_kind::text = ANY ($5::text[])
GROUP BY 1, 2, 3
ORDER BY 2, 3, 1
