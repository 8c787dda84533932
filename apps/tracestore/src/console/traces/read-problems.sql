-- Returns the problems of a trace, one row each. See ps_trace.trace_problems.
-- :'trace_id'  the trace.
SELECT
  kind, severity, message, span_count::float8 AS span_count, amount::float8 AS amount, unit, services, span_ids_hex AS span_ids, received_s
FROM ps_trace.trace_problems(:'trace_id'::uuid)
