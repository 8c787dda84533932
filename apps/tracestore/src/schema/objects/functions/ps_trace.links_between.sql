-- Inlined as ps_trace.spans_between is. A condition for each of the two tables of the view: the planner derives none from the other.
CREATE OR REPLACE FUNCTION ps_trace.links_between(_start_time_min timestamptz, _start_time_max timestamptz) RETURNS SETOF ps_trace.link
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM ps_trace.link k
  WHERE k.partition_time >= _start_time_min AND k.partition_time < _start_time_max
    AND k.start_time >= _start_time_min AND k.start_time < _start_time_max
$$;
COMMENT ON FUNCTION ps_trace.links_between IS 'The rows of ps_trace.link whose span, the linking one, starts from _start_time_min to before _start_time_max: the links of the rows of ps_trace.spans_between, whose comment applies here too. The linked span can be of any time, so its partitions are all planned';
