-- Inlined as ps_trace.links_between is.
CREATE OR REPLACE FUNCTION ps_trace.links_since(_age interval) RETURNS SETOF ps_trace.link
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM ps_trace.link k WHERE k.partition_time >= now() - _age AND k.start_time >= now() - _age
$$;
COMMENT ON FUNCTION ps_trace.links_since IS 'The rows of ps_trace.link whose span, the linking one, started within _age before now, or starts later: the links of the rows of ps_trace.spans_since, whose comment applies here too';
