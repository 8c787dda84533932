CREATE OR REPLACE VIEW ps_trace.call_5m AS
SELECT
  c.time_bucket,
  -- The parent of a span that is neither server nor consumer is in the same service, also if it is not stored (yet).
  CASE WHEN c.parent_operation_id = -1 AND o.span_kind NOT IN (2, 5) THEN o.service_name ELSE p.service_name END AS parent_service_name,
  p.span_name AS parent_span_name, tracestore.span_kind(p.span_kind) AS parent_span_kind,
  o.service_name, o.span_name, tracestore.span_kind(o.span_kind) AS span_kind,
  c.parent_operation_id = 0 AS is_root,
  c.calls, c.errors, c.duration_ns_sum, c.self_ns_sum,
  c.duration_bucket, c.duration_calls, c.self_bucket, c.self_calls
FROM tracestore.call_5m c
LEFT JOIN tracestore.operation o ON o.id = c.operation_id
LEFT JOIN tracestore.operation p ON p.id = c.parent_operation_id;
COMMENT ON VIEW ps_trace.call_5m IS 'Aggregates of 5 minutes: spans by their operation and the operation of their parent. Sum over the rows: one key can have several rows, and some rows are corrections. The function operation_call selects the width';
COMMENT ON COLUMN ps_trace.call_5m.time_bucket IS 'The start of the 5 minutes in which the spans started; the parents can have started before';
COMMENT ON COLUMN ps_trace.call_5m.parent_service_name IS 'The service of the parent; NULL for a root. Where the parent is not stored (yet): NULL for kinds server and consumer, and the own service for other kinds, whose parent is in the same process';
COMMENT ON COLUMN ps_trace.call_5m.parent_span_name IS 'The name of the parent; NULL for a root, and where the parent is not stored';
COMMENT ON COLUMN ps_trace.call_5m.parent_span_kind IS 'The kind of the parent; unspecified where there is none';
COMMENT ON COLUMN ps_trace.call_5m.service_name IS 'The service of the spans';
COMMENT ON COLUMN ps_trace.call_5m.span_name IS 'The name of the spans';
COMMENT ON COLUMN ps_trace.call_5m.span_kind IS 'The kind of the spans';
COMMENT ON COLUMN ps_trace.call_5m.is_root IS 'Whether the spans are roots; false where the parent is not stored';
COMMENT ON COLUMN ps_trace.call_5m.calls IS 'How many spans';
COMMENT ON COLUMN ps_trace.call_5m.errors IS 'How many of the spans have the status error';
COMMENT ON COLUMN ps_trace.call_5m.duration_ns_sum IS 'The sum of their durations in nanoseconds';
COMMENT ON COLUMN ps_trace.call_5m.self_ns_sum IS 'The sum of their self times in nanoseconds: of a duration, the part that no child span covers. Always whole numbers, so corrections add up exactly';
COMMENT ON COLUMN ps_trace.call_5m.duration_bucket IS 'Buckets of durations, ascending; ps_trace.bucket_ms gives the milliseconds of a bucket';
COMMENT ON COLUMN ps_trace.call_5m.duration_calls IS 'How many spans each bucket of duration_bucket has';
COMMENT ON COLUMN ps_trace.call_5m.self_bucket IS 'Buckets of self times, ascending';
COMMENT ON COLUMN ps_trace.call_5m.self_calls IS 'How many spans each bucket of self_bucket has';
