-- Inlined as ps_trace.spans_between is.
CREATE OR REPLACE FUNCTION ps_trace.spans_since(_age interval) RETURNS SETOF ps_trace.span
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM ps_trace.span s WHERE s.start_time >= now() - _age
$$;
COMMENT ON FUNCTION ps_trace.spans_since IS 'The rows of ps_trace.span that started within _age before now, and those that start later. The planner inlines it. It reads the partitions of the range and plans all of them: with a year of days kept, ps_trace.spans_between with literal times is planned a hundred times faster';
