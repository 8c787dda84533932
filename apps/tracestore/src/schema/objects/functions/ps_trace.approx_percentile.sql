CREATE OR REPLACE FUNCTION ps_trace.approx_percentile(percentile float8, sketch float8[]) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  -- Interpolates between two values, as percentile_cont does.
  rank float8 := percentile * (cardinality(sketch) - 1) + 1;
  below float8 := sketch[floor(rank)::int4];
BEGIN
  IF percentile NOT BETWEEN 0 AND 1 THEN
    RAISE EXCEPTION 'percentile must be from 0 to 1, got %', percentile USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
  RETURN CASE WHEN rank = floor(rank) THEN below ELSE below + (sketch[ceil(rank)::int4] - below) * (rank - floor(rank)) END;
END
$$;
COMMENT ON FUNCTION ps_trace.approx_percentile IS 'The value that this share (0 to 1) of the values of percentile_agg does not exceed, interpolated as in percentile_cont; NULL without values. Replaces the function of TimescaleDB''s toolkit where the toolkit is missing. It is exact, the toolkit is within 0.1 %';
