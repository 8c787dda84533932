-- Inlined as ps_trace.events_between is.
CREATE OR REPLACE FUNCTION ps_trace.events_since(_age interval) RETURNS SETOF ps_trace.event
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM ps_trace.event e WHERE e.partition_time >= now() - _age AND e.span_start_time >= now() - _age
$$;
COMMENT ON FUNCTION ps_trace.events_since IS 'The rows of ps_trace.event whose span started within _age before now, or starts later: the events of the rows of ps_trace.spans_since, whose comment applies here too';
