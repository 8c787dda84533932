CREATE OR REPLACE FUNCTION tracestore.expired_parts(p_table text, p_kept_s float8) RETURNS TABLE (part regclass, time_range tstzrange)
LANGUAGE plpgsql AS $$
DECLARE
  past CONSTANT timestamptz := tracestore.age_cutoff(p_table, p_kept_s);
  future CONSTANT timestamptz := tracestore.future_cutoff();
BEGIN
  RETURN QUERY
    SELECT p.part, p.time_range FROM tracestore.time_part(p_table) p
    WHERE upper(p.time_range) <= past OR lower(p.time_range) >= future
    ORDER BY upper(p.time_range);
END
$$;
COMMENT ON FUNCTION tracestore.expired_parts IS 'The parts with a time range older than p_kept_s seconds, oldest first. Their rows can have been received later';
