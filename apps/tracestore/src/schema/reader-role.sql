-- The role that dashboards and analysts get: it reads the views of ps_trace and nothing else. Roles belong to the whole
-- server, so another database may have made it already, or be making it now. Where we may not create roles or grant
-- rights, this does nothing.
DO $reader$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ps_trace_reader') THEN
    BEGIN
      CREATE ROLE ps_trace_reader NOLOGIN;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  GRANT USAGE ON SCHEMA ps_trace TO ps_trace_reader;
  GRANT SELECT ON ALL TABLES IN SCHEMA ps_trace TO ps_trace_reader;
EXCEPTION
  WHEN insufficient_privilege THEN RAISE NOTICE 'ps_trace_reader is left as it is: %', SQLERRM;
END
$reader$;
