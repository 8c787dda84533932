CREATE OR REPLACE FUNCTION ps_trace.approx_percentile(percentile float8, sketch float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  -- Between two values, as percentile_cont has it.
  rank float8 := percentile * (cardinality(sketch) - 1) + 1;
  below float8 := sketch[floor(rank)::int4];
BEGIN
  IF percentile NOT BETWEEN 0 AND 1 THEN
    RAISE EXCEPTION 'a percentile is from 0 to 1, not %', percentile USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
  RETURN CASE WHEN rank = floor(rank) THEN below ELSE below + (sketch[ceil(rank)::int4] - below) * (rank - floor(rank)) END;
END
$$;
COMMENT ON FUNCTION ps_trace.approx_percentile IS 'The value below which this share, from 0 to 1, of what percentile_agg was given lies. Exact, as percentile_cont is; NULL without values. A stand-in for where TimescaleDB''s toolkit is not, whose answers are within 0.1 %';
