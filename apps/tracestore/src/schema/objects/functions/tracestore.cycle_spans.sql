CREATE OR REPLACE FUNCTION tracestore.cycle_spans(p_parents int4[]) RETURNS SETOF int4
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  -- The first span of the way on which each span was found.
  found_by int4[] := array_fill(0, ARRAY[cardinality(p_parents)]);
  j int4;
BEGIN
  FOR i IN 1..cardinality(p_parents) LOOP
    -- A cycle has a span whose parent does not come before it.
    CONTINUE WHEN p_parents[i] < i;
    j := i;
    WHILE j <> 0 AND found_by[j] = 0 LOOP
      found_by[j] := i;
      j := p_parents[j];
    END LOOP;
    -- The way has returned to itself: the spans from here on are the cycle.
    CONTINUE WHEN j = 0 OR found_by[j] <> i;
    LOOP
      RETURN NEXT j;
      found_by[j] := -1;
      j := p_parents[j];
      EXIT WHEN found_by[j] = -1;
    END LOOP;
  END LOOP;
END
$$;
COMMENT ON FUNCTION tracestore.cycle_spans IS 'The spans that are their own ancestors. An element of p_parents is the position of the parent of a span, or 0. Takes time proportional to the number of spans';
