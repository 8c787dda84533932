CREATE OR REPLACE FUNCTION ps_trace.class_percentile(_percentile float8, _class int2[], _calls int8[]) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT ps_trace.class_ms(reached.class)
  FROM (
    SELECT entry.class, sum(sum(entry.calls)) OVER (ORDER BY entry.class) AS so_far, sum(sum(entry.calls)) OVER () AS calls
    FROM unnest(_class, _calls) AS entry (class, calls)
    GROUP BY entry.class
  ) AS reached
  WHERE reached.so_far >= _percentile * reached.calls AND reached.so_far > 0
  ORDER BY reached.class
  LIMIT 1
$$;
COMMENT ON FUNCTION ps_trace.class_percentile IS 'The duration in milliseconds that this share (0 to 1) of calls does not exceed, from buckets and the calls in each: at most 4.5 % off. NULL without calls';
