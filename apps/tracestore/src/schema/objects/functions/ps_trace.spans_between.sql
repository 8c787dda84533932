-- The planner inlines it: a caller's rights, no SET, not STRICT. A text body, so that SELECT * follows the view.
CREATE OR REPLACE FUNCTION ps_trace.spans_between(_start_time_min timestamptz, _start_time_max timestamptz) RETURNS SETOF ps_trace.span
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM ps_trace.span s WHERE s.start_time >= _start_time_min AND s.start_time < _start_time_max
$$;
COMMENT ON FUNCTION ps_trace.spans_between IS 'The rows of ps_trace.span that start from _start_time_min to before _start_time_max. The planner inlines it, so other conditions and unused columns cost as much as in a query of the view. With literal times it plans only the partitions of the range; with now() it plans all and reads those of the range. An argument must not be a subquery: the function is then not inlined and computes all columns';
