-- What do the failed traces of the last hour have, and the others lack?
SELECT level, key, value, inside_share, outside_share, inside_count, outside_count, q_value
FROM ps_trace.attribute_differences(
  ARRAY(SELECT trace_id FROM ps_trace.spans_since('1 hour') WHERE status_code = 'error'),
  ARRAY(SELECT trace_id FROM ps_trace.spans_since('1 hour')),
  now() - interval '1 hour', now()
);
