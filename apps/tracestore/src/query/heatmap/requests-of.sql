-- The calls that count-requests.sql counts. A call is inner if its root has the same service or operation, so that its trace
-- counts already.
-- :'start_min'       the first start of a request.
-- :'start_max'       the last start of a request.
-- :'step_seconds'    the width of a column.
-- :'service_name'    only calls of this service; NULL for all.
-- :'operation_name'  only calls of operations of this name.

-- name: everything
SELECT time_bucket, is_root, false AS is_inner, calls, errors, duration_bucket, duration_calls
FROM ps_trace.service_call(:'start_min'::timestamptz, :'start_max'::timestamptz, make_interval(secs => :'step_seconds'::float8))
WHERE is_root
-- name: service
SELECT
  time_bucket, is_root, coalesce(parent_service_name = service_name, false) AS is_inner, calls, errors, duration_bucket, duration_calls
FROM ps_trace.service_call(:'start_min'::timestamptz, :'start_max'::timestamptz, make_interval(secs => :'step_seconds'::float8))
WHERE service_name = :'service_name'
-- name: operation
SELECT time_bucket, is_root, false AS is_inner, calls, errors, duration_bucket, duration_calls
FROM ps_trace.operation_call(:'start_min'::timestamptz, :'start_max'::timestamptz, make_interval(secs => :'step_seconds'::float8))
WHERE span_name = :'operation_name' AND (:'service_name'::text IS NULL OR service_name = :'service_name')
