-- Inlined as ps_trace.spans_between is. A condition for each of the two tables of the view: the planner derives none from the other.
CREATE OR REPLACE FUNCTION ps_trace.events_between(_start_time_min timestamptz, _start_time_max timestamptz) RETURNS SETOF ps_trace.event
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM ps_trace.event e
  WHERE e.partition_time >= _start_time_min AND e.partition_time < _start_time_max
    AND e.span_start_time >= _start_time_min AND e.span_start_time < _start_time_max
$$;
COMMENT ON FUNCTION ps_trace.events_between IS 'The rows of ps_trace.event whose span starts from _start_time_min to before _start_time_max: the events of the rows of ps_trace.spans_between, whose comment applies here too. The event itself can be later';
