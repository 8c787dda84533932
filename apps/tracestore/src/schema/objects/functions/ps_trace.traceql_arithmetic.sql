CREATE OR REPLACE FUNCTION ps_trace.traceql_arithmetic(p_operator text, p_left jsonb, p_right jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  two_64 CONSTANT numeric := 18446744073709551616;
  left_type CONSTANT text := ps_trace.traceql_type(p_left);
  right_type CONSTANT text := ps_trace.traceql_type(p_right);
  i numeric;
  j numeric;
  product numeric := 1;
  x float8;
  y float8;
  -- The decimal logarithm of the result, roughly: PostgreSQL fails where a result is too large or too small for a float8.
  magnitude float8;
  is_finite boolean;
BEGIN
  IF left_type IS NULL OR right_type IS NULL OR left_type NOT IN ('int', 'float') OR right_type NOT IN ('int', 'float') THEN
    RETURN NULL;
  END IF;

  IF left_type = 'int' AND right_type = 'int' THEN
    i := p_left::numeric;
    j := p_right::numeric;
    IF p_operator IN ('/', '%') AND j = 0 OR p_operator = '^' AND i = 0 AND j < 0 THEN RETURN NULL; END IF;
    IF p_operator = '^' AND j < 0 THEN
      i := CASE i WHEN 1 THEN 1 WHEN -1 THEN CASE mod(j, 2) WHEN 0 THEN 1 ELSE -1 END ELSE 0 END;
    ELSIF p_operator = '^' THEN
      WHILE j > 0 LOOP
        IF mod(j, 2) = 1 THEN product := mod(product * i, two_64); END IF;
        i := mod(i * i, two_64);
        j := div(j, 2);
      END LOOP;
      i := product;
    ELSE
      i := CASE p_operator WHEN '+' THEN i + j WHEN '-' THEN i - j WHEN '*' THEN i * j WHEN '/' THEN div(i, j) ELSE mod(i, j) END;
    END IF;
    -- Wraps around as integers of 64 bits do.
    i := mod(i, two_64);
    RETURN to_jsonb(CASE WHEN i >= two_64 / 2 THEN i - two_64 WHEN i < -two_64 / 2 THEN i + two_64 ELSE i END::int8);
  END IF;

  x := ps_trace.traceql_number(p_left);
  y := ps_trace.traceql_number(p_right);
  IF p_operator = '-' THEN
    y := -y;
  END IF;
  IF x = 'NaN'::float8 OR y = 'NaN'::float8 AND p_operator <> '^' THEN
    RETURN ps_trace.traceql_float(CASE WHEN p_operator = '^' AND y = 0 THEN 1 ELSE 'NaN'::float8 END);
  END IF;
  is_finite := abs(x) < 'Infinity'::float8 AND abs(y) < 'Infinity'::float8;
  CASE p_operator
    WHEN '+', '-' THEN
      x := CASE
        WHEN is_finite AND sign(x) = sign(y) AND abs(x) > 1.797e308 - abs(y) THEN sign(x) * 'Infinity'::float8
        ELSE x + y
      END;
    WHEN '*' THEN
      magnitude := CASE WHEN is_finite AND x <> 0 AND y <> 0 THEN log(abs(x)) + log(abs(y)) ELSE 0 END;
      x := CASE
        WHEN magnitude > 308.25 THEN sign(x) * sign(y) * 'Infinity'::float8
        WHEN magnitude < -323 THEN 0
        ELSE x * y
      END;
    WHEN '/' THEN
      magnitude := CASE WHEN is_finite AND x <> 0 AND y <> 0 THEN log(abs(x)) - log(abs(y)) ELSE 0 END;
      x := CASE
        WHEN y = 0 THEN CASE WHEN x = 0 THEN 'NaN'::float8 ELSE sign(x) * 'Infinity'::float8 * CASE y::text WHEN '-0' THEN -1 ELSE 1 END END
        WHEN magnitude > 308.25 THEN sign(x) * sign(y) * 'Infinity'::float8
        WHEN magnitude < -323 THEN 0
        ELSE x / y
      END;
    WHEN '%' THEN
      x := CASE
        WHEN y = 0 OR abs(x) = 'Infinity'::float8 THEN 'NaN'::float8
        WHEN abs(y) = 'Infinity'::float8 THEN x
        ELSE sign(x) * ps_trace.traceql_remainder(abs(x), abs(y))
      END;
    WHEN '^' THEN
      magnitude := CASE WHEN is_finite AND x <> 0 THEN sign(y) * least(abs(y), 1e300) * log(abs(x)) ELSE 0 END;
      x := CASE
        WHEN y = 'NaN'::float8 OR abs(x) = 1 AND abs(y) = 'Infinity'::float8 THEN 'NaN'::float8
        WHEN y = 0 THEN 1
        WHEN abs(y) = 'Infinity'::float8 THEN CASE WHEN (abs(x) > 1) = (y > 0) THEN 'Infinity'::float8 ELSE 0 END
        WHEN x < 0 AND trunc(y) <> y AND is_finite THEN 'NaN'::float8
        WHEN x = 0 THEN CASE WHEN y > 0 THEN 0 ELSE 'Infinity'::float8 END
        ELSE CASE WHEN x < 0 AND mod(y::text::numeric, 2) <> 0 THEN -1 ELSE 1 END * CASE
          WHEN abs(x) = 'Infinity'::float8 THEN CASE WHEN y > 0 THEN 'Infinity'::float8 ELSE 0 END
          WHEN magnitude > 308.25 THEN 'Infinity'::float8
          WHEN magnitude < -323 THEN 0
          ELSE power(abs(x), y)
        END
      END;
    ELSE
      RETURN NULL;
  END CASE;
  RETURN ps_trace.traceql_float(x);
END
$$;
COMMENT ON FUNCTION ps_trace.traceql_arithmetic IS 'The result of + - * / % or ^ on two attribute values, as TraceQL computes it: integers have 64 bits and wrap around, everything else is a float. NULL unless both values are numbers, and for an integer divided by zero';
