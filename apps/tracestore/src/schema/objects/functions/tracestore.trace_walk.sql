CREATE OR REPLACE FUNCTION tracestore.trace_walk(p_trace_id uuid)
RETURNS TABLE (
  place int4, parent_place int4, span_id int8, parent_span_id int8, operation_id int8, start_ns int8, end_ns int8,
  lvl int4, path int8[]
)
-- No nested loops: the planner does not know how many spans a trace has.
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  most_spans CONSTANT int4 := 1000000;
  deepest_path CONSTANT int4 := 1000;
  -- The following arrays have an entry per span, in the order of their start; 0 is no span.
  ids int8[];
  parent_ids int8[];
  operations int8[];
  starts int8[];
  ends int8[];
  parents int4[];
  first_child int4[];
  next_sibling int4[];
  places int4[];
  marks int4[];
  -- The path from the root to the current span.
  way int4[];
  way_ids int8[];
  depth int4;
  span_count int4;
  first_root int4 := 0;
  unmet int4 := 1;
  i int4;
  j int4;
BEGIN
  WITH own AS MATERIALIZED (
    SELECT
      row_number() OVER (ORDER BY s.start_time, s.start_nanos, s.instance)::int4 AS nr,
      s.span_id, s.parent_span_id, s.operation_id,
      tracestore.unix_nano(s.start_time, s.start_nanos) AS start_ns,
      greatest(tracestore.unix_nano(s.start_time, s.start_nanos), tracestore.unix_nano(s.end_time, s.end_nanos)) AS end_ns
    FROM (SELECT * FROM tracestore.span WHERE trace_id = p_trace_id LIMIT most_spans + 1) s
  ),
  -- Of spans with the same id, the first has the children.
  named AS (SELECT own.span_id, min(own.nr) AS nr FROM own GROUP BY own.span_id)
  SELECT
    array_agg(own.span_id ORDER BY own.nr), array_agg(own.parent_span_id ORDER BY own.nr),
    array_agg(own.operation_id ORDER BY own.nr), array_agg(own.start_ns ORDER BY own.nr),
    array_agg(own.end_ns ORDER BY own.nr), array_agg(coalesce(named.nr, 0) ORDER BY own.nr)
  INTO ids, parent_ids, operations, starts, ends, parents
  FROM own
  LEFT JOIN named ON named.span_id = own.parent_span_id;

  span_count := coalesce(cardinality(ids), 0);
  IF span_count > most_spans THEN
    RAISE EXCEPTION 'trace % has more than % spans', p_trace_id, most_spans USING ERRCODE = 'program_limit_exceeded';
  END IF;
  IF span_count = 0 THEN RETURN; END IF;
  first_child := array_fill(0, ARRAY[span_count]);
  next_sibling := first_child;
  places := first_child;
  marks := first_child;
  FOR i IN REVERSE span_count..1 LOOP
    IF parents[i] = 0 THEN
      next_sibling[i] := first_root;
      first_root := i;
    ELSE
      next_sibling[i] := first_child[parents[i]];
      first_child[parents[i]] := i;
    END IF;
  END LOOP;

  place := 0;
  LOOP
    -- Every span below a root, parents first, siblings in the order of their start.
    i := first_root;
    depth := 1;
    WHILE i <> 0 LOOP
      place := place + 1;
      places[i] := place;
      way[depth] := i;
      way_ids[depth] := ids[i];
      parent_place := CASE WHEN depth > 1 THEN places[way[depth - 1]] ELSE 0 END;
      span_id := ids[i];
      parent_span_id := parent_ids[i];
      operation_id := operations[i];
      start_ns := starts[i];
      end_ns := ends[i];
      lvl := depth;
      path := CASE WHEN depth <= deepest_path THEN way_ids[1:depth] END;
      RETURN NEXT;
      IF first_child[i] <> 0 THEN
        i := first_child[i];
        depth := depth + 1;
      ELSE
        WHILE next_sibling[i] = 0 AND depth > 1 LOOP
          depth := depth - 1;
          i := way[depth];
        END LOOP;
        i := next_sibling[i];
      END IF;
    END LOOP;

    -- Spans that the walk has not reached are below a cycle. The earliest span of the cycle becomes a root.
    WHILE unmet <= span_count AND places[unmet] <> 0 LOOP
      unmet := unmet + 1;
    END LOOP;
    EXIT WHEN unmet > span_count;
    i := unmet;
    WHILE marks[i] <> unmet LOOP
      marks[i] := unmet;
      i := parents[i];
    END LOOP;
    first_root := i;
    j := parents[i];
    WHILE j <> i LOOP
      first_root := least(first_root, j);
      j := parents[j];
    END LOOP;
    j := parents[first_root];
    IF first_child[j] = first_root THEN
      first_child[j] := next_sibling[first_root];
    ELSE
      j := first_child[j];
      WHILE next_sibling[j] <> first_root LOOP
        j := next_sibling[j];
      END LOOP;
      next_sibling[j] := next_sibling[first_root];
    END IF;
    next_sibling[first_root] := 0;
  END LOOP;
END
$$;
COMMENT ON FUNCTION tracestore.trace_walk IS 'Every span of a trace once, parents before their children, in time and memory proportional to the number of spans. Roots are spans without a parent, spans whose parent is not stored, and the earliest span of a cycle. path is NULL below level 1000. A trace of more than a million spans is an error';
