-- The function names the views of all widths, so that the planner inlines it and reads only the ranges of call_cover.
CREATE OR REPLACE FUNCTION ps_trace.operation_call(_t_min timestamptz, _t_max timestamptz, _step interval)
RETURNS TABLE (
  time_bucket timestamptz,
  parent_service_name text, parent_span_name text, parent_span_kind ps_trace.span_kind,
  service_name text, span_name text, span_kind ps_trace.span_kind, is_root boolean,
  calls int8, errors int8, duration_ns_sum float8, self_ns_sum float8,
  duration_bucket int2[], duration_calls int4[], self_bucket int2[], self_calls int4[]
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT
    -- In subqueries, so that each is evaluated once and not per row.
    CASE WHEN (SELECT _step) IS NULL THEN (SELECT _t_min) ELSE date_bin((SELECT _step), c.time_bucket, 'epoch') END,
    c.parent_service_name, c.parent_span_name, c.parent_span_kind,
    c.service_name, c.span_name, c.span_kind, c.is_root,
    c.calls, c.errors, c.duration_ns_sum, c.self_ns_sum, c.duration_bucket, c.duration_calls, c.self_bucket, c.self_calls
  FROM (
    SELECT * FROM ps_trace.call_10s
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[1])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[2])
    UNION ALL
    SELECT * FROM ps_trace.call_5m
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[2])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[3])
    UNION ALL
    SELECT * FROM ps_trace.call_1h
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[3])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[4])
    UNION ALL
    SELECT * FROM ps_trace.call_5m
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[4])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[5])
    UNION ALL
    SELECT * FROM ps_trace.call_10s
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[5])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[6])
  ) AS c
$$;
COMMENT ON FUNCTION ps_trace.operation_call IS 'Aggregates of the spans that start from _t_min to before _t_max, by their operation and the operation of their parent, in buckets of _step (NULL: one bucket). Sum over the rows: one key can have several rows. The range is widened to whole 10 seconds, and to whole 5 minutes where it is more than two days ago. A step of whole 5 minutes or hours reads far fewer rows than another';
