CREATE OR REPLACE FUNCTION ps_trace.traceql_remainder(p_left float8, p_right float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  -- Subtracts doublings of the divisor, the largest first. A float8 is doubled and subtracted without rounding here.
  x float8 := p_left;
  divisor float8 := p_right;
BEGIN
  -- NaN is greater than every other number here.
  IF x < 0 OR x >= 'Infinity' OR divisor <= 0 OR divisor >= 'Infinity' THEN
    RETURN 'NaN';
  END IF;
  WHILE divisor <= x - divisor LOOP
    divisor := divisor * 2;
  END LOOP;
  LOOP
    IF x >= divisor THEN x := x - divisor; END IF;
    EXIT WHEN divisor = p_right;
    divisor := divisor / 2;
  END LOOP;
  RETURN x;
END
$$;
COMMENT ON FUNCTION ps_trace.traceql_remainder IS 'The exact remainder of a division of two numbers, of which the first is not negative and the second is positive; otherwise NaN';
