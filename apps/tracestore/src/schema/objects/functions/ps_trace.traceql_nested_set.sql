CREATE OR REPLACE FUNCTION ps_trace.traceql_nested_set(p_parents int4[])
RETURNS TABLE (place int4, nested_left int4, nested_right int4, nested_parent int4, children int4)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
#variable_conflict use_column
DECLARE
  spans CONSTANT int4 := cardinality(p_parents);
  first_child int4[] := array_fill(0, ARRAY[spans + 1]);
  next_sibling int4[] := array_fill(0, ARRAY[spans + 1]);
  lefts int4[] := array_fill(0, ARRAY[spans + 1]);
  counts int4[] := array_fill(0, ARRAY[spans + 1]);
  -- The way from the root to the current span.
  way int4[] := ARRAY[]::int4[];
  depth int4 := 0;
  counter int4 := 0;
  -- The place of a parent; roots are below place `spans + 1`.
  above int4;
  i int4;
BEGIN
  FOR i IN REVERSE spans..1 LOOP
    CONTINUE WHEN p_parents[i] IS NULL OR p_parents[i] < 0 OR p_parents[i] > spans;
    above := CASE p_parents[i] WHEN 0 THEN spans + 1 ELSE p_parents[i] END;
    next_sibling[i] := first_child[above];
    first_child[above] := i;
    counts[above] := counts[above] + 1;
  END LOOP;
  i := first_child[spans + 1];
  WHILE i <> 0 LOOP
    depth := depth + 1;
    way[depth] := i;
    counter := counter + 1;
    lefts[i] := counter;
    IF first_child[i] <> 0 THEN
      i := first_child[i];
      CONTINUE;
    END IF;
    LOOP
      counter := counter + 1;
      place := i;
      nested_left := lefts[i];
      nested_right := counter;
      nested_parent := CASE WHEN depth > 1 THEN lefts[way[depth - 1]] ELSE -1 END;
      children := counts[i];
      RETURN NEXT;
      depth := depth - 1;
      EXIT WHEN next_sibling[i] <> 0 OR depth = 0;
      i := way[depth];
    END LOOP;
    i := next_sibling[i];
  END LOOP;
END
$$;
COMMENT ON FUNCTION ps_trace.traceql_nested_set IS 'The nested-set numbers of TraceQL for the spans of a trace. The argument has the place of the parent for each span, in the order of their start: 0 for a root, NULL where the parent is not stored. Spans that no root leads to have no row';
