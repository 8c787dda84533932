CREATE OR REPLACE FUNCTION tracestore.timescale_schema() RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'
$$;
COMMENT ON FUNCTION tracestore.timescale_schema IS 'The schema of the extension TimescaleDB; NULL where it is not installed';
