CREATE OR REPLACE FUNCTION ps_trace.traceql_compare(
  p_operator text, p_left jsonb, p_right jsonb, p_same_type boolean DEFAULT false
) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
  left_value CONSTANT jsonb := ps_trace.traceql_value(p_left);
  right_value CONSTANT jsonb := ps_trace.traceql_value(p_right);
  left_type CONSTANT text := ps_trace.traceql_type(left_value);
  right_type CONSTANT text := ps_trace.traceql_type(right_value);
  is_for_all CONSTANT boolean := p_operator IN ('!=', '!~');
  -- Less than 0 if the left side is less.
  ordering int4;
BEGIN
  IF left_type IS NULL OR right_type IS NULL OR left_type = 'array' AND right_type = 'array' THEN
    RETURN false;
  ELSIF left_type = 'array' THEN
    RETURN (
      SELECT coalesce(bool_or(is_true) FILTER (WHERE NOT is_for_all), bool_and(is_true) FILTER (WHERE is_for_all), false)
      FROM (
        SELECT ps_trace.traceql_compare(p_operator, e.value, right_value, p_same_type) AS is_true
        FROM jsonb_array_elements(left_value) AS e (value)
      ) AS element
    );
  ELSIF right_type = 'array' THEN
    RETURN (
      SELECT coalesce(bool_or(is_true) FILTER (WHERE NOT is_for_all), bool_and(is_true) FILTER (WHERE is_for_all), false)
      FROM (
        SELECT ps_trace.traceql_compare(p_operator, left_value, e.value, p_same_type) AS is_true
        FROM jsonb_array_elements(right_value) AS e (value)
      ) AS element
    );
  ELSIF p_operator IN ('=~', '!~') THEN
    RETURN left_type = 'string' AND right_type = 'string'
      AND ((left_value #>> '{}') ~ (right_value #>> '{}')) = (p_operator = '=~');
  ELSIF left_type IN ('int', 'float') AND right_type IN ('int', 'float') THEN
    IF p_same_type AND left_type <> right_type THEN RETURN false; END IF;
    IF left_type = 'int' AND right_type = 'int' THEN
      ordering := sign(left_value::numeric - right_value::numeric);
    ELSIF ps_trace.traceql_number(left_value) = 'NaN' OR ps_trace.traceql_number(right_value) = 'NaN' THEN
      RETURN p_operator = '!=';
    ELSE
      ordering := CASE
        WHEN ps_trace.traceql_number(left_value) < ps_trace.traceql_number(right_value) THEN -1
        WHEN ps_trace.traceql_number(left_value) > ps_trace.traceql_number(right_value) THEN 1
        ELSE 0
      END;
    END IF;
  ELSIF left_type <> right_type THEN
    RETURN false;
  ELSIF left_type = 'string' THEN
    ordering := CASE
      WHEN (left_value #>> '{}') COLLATE "C" < (right_value #>> '{}') COLLATE "C" THEN -1
      WHEN (left_value #>> '{}') COLLATE "C" > (right_value #>> '{}') COLLATE "C" THEN 1
      ELSE 0
    END;
  ELSIF p_operator IN ('=', '!=') THEN
    ordering := CASE WHEN left_value = right_value THEN 0 ELSE 1 END;
  ELSE
    RETURN false;
  END IF;
  RETURN CASE p_operator
    WHEN '=' THEN ordering = 0
    WHEN '!=' THEN ordering <> 0
    WHEN '<' THEN ordering < 0
    WHEN '<=' THEN ordering <= 0
    WHEN '>' THEN ordering > 0
    WHEN '>=' THEN ordering >= 0
    ELSE false
  END;
END
$$;
COMMENT ON FUNCTION ps_trace.traceql_compare IS 'Whether a comparison of TraceQL (= != < <= > >= =~ !~) of two attribute values is true. Numbers compare by value, unless both must have the same type; values of unlike types are neither equal nor unequal. Of an array one element must pass, or all for != and !~. The pattern of =~ is a regular expression of PostgreSQL';
