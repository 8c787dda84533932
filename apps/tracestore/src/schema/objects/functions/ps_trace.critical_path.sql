CREATE OR REPLACE FUNCTION ps_trace.critical_path(_trace_id ps_trace.trace_id)
RETURNS TABLE (
  trace_id ps_trace.trace_id, span_id int8, parent_span_id int8, service_name text, span_name text,
  section_start timestamptz, section_end timestamptz, section_start_unix_nano int8, section_end_unix_nano int8,
  section_ms float8
)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  -- The following arrays have an entry per span, parents before their children; 0 is no span.
  ids int8[];
  parent_ids int8[];
  parents int4[];
  starts int8[];
  ends int8[];
  operations int8[];
  by_end int4[];
  root int4;
  -- The next child of each span to visit, and the next sibling of each span. The child that ends last comes first.
  next_child int4[];
  next_sibling int4[];
  -- The time of each span down to which, from its end, the path is known.
  settled int8[];
  -- The path from the root to the current span.
  way int4[];
  depth int4 := 1;
  section_ids int8[];
  section_parents int8[];
  section_operations int8[];
  section_starts int8[];
  section_ends int8[];
  section_count int4 := 0;
  section_from int8;
  i int4;
  c int4;
BEGIN
  WITH walk AS MATERIALIZED (
    SELECT w.place, w.parent_place, w.span_id, w.parent_span_id, w.operation_id, w.start_ns, w.end_ns
    FROM tracestore.trace_walk(_trace_id) w
  )
  SELECT
    array_agg(walk.span_id ORDER BY walk.place), array_agg(walk.parent_span_id ORDER BY walk.place),
    array_agg(walk.parent_place ORDER BY walk.place), array_agg(walk.operation_id ORDER BY walk.place),
    array_agg(walk.start_ns ORDER BY walk.place), array_agg(walk.end_ns ORDER BY walk.place),
    array_agg(walk.place ORDER BY walk.end_ns, walk.start_ns DESC, walk.place),
    coalesce(min(walk.place) FILTER (WHERE walk.parent_span_id IS NULL), 1)
  INTO ids, parent_ids, parents, operations, starts, ends, by_end, root
  FROM walk;
  IF ids IS NULL THEN RETURN; END IF;

  -- A child counts within the duration of its parent, which itself counts only within its own parent.
  FOR i IN 1..cardinality(ids) LOOP
    IF parents[i] <> 0 THEN
      starts[i] := greatest(starts[i], starts[parents[i]]);
      ends[i] := greatest(least(ends[i], ends[parents[i]]), starts[i]);
    END IF;
  END LOOP;
  settled := ends;
  next_child := array_fill(0, ARRAY[cardinality(ids)]);
  next_sibling := next_child;
  FOREACH i IN ARRAY by_end LOOP
    IF parents[i] <> 0 AND starts[i] < ends[i] THEN
      next_sibling[i] := next_child[parents[i]];
      next_child[parents[i]] := i;
    END IF;
  END LOOP;

  way[1] := root;
  WHILE depth > 0 LOOP
    i := way[depth];
    c := next_child[i];
    -- The span did not wait for a child that was still working.
    WHILE c <> 0 AND ends[c] > settled[i] LOOP
      c := next_sibling[c];
    END LOOP;
    section_from := CASE WHEN c = 0 THEN starts[i] ELSE ends[c] END;
    IF section_from < settled[i] THEN
      section_count := section_count + 1;
      section_ids[section_count] := ids[i];
      section_parents[section_count] := parent_ids[i];
      section_operations[section_count] := operations[i];
      section_starts[section_count] := section_from;
      section_ends[section_count] := settled[i];
    END IF;
    IF c = 0 THEN
      depth := depth - 1;
    ELSE
      next_child[i] := next_sibling[c];
      settled[i] := starts[c];
      depth := depth + 1;
      way[depth] := c;
    END IF;
  END LOOP;

  RETURN QUERY
    SELECT
      _trace_id, s.id, s.parent_id, o.service_name, o.span_name,
      tracestore.timestamp_of(s.start_ns), tracestore.timestamp_of(s.end_ns), s.start_ns, s.end_ns,
      (s.end_ns - s.start_ns) / 1e6::float8
    FROM unnest(section_ids, section_parents, section_operations, section_starts, section_ends)
      AS s (id, parent_id, operation_id, start_ns, end_ns)
    LEFT JOIN tracestore.operation o ON o.id = s.operation_id
    ORDER BY s.start_ns;
END
$$;
COMMENT ON FUNCTION ps_trace.critical_path IS 'The critical path of a trace, as Jaeger draws it: consecutive sections from the start of the root to its end, each with the span that was working. Going back from the end of a span, the time belongs to the child that ends last. Before its start, it belongs to the child that ends last by then, and so on. The rest belongs to the span itself. A child counts only within the duration of its parent. Of several roots, the first without a parent counts';
