-- The role that dashboards and analysts get: it reads the views of ps_trace and _ps_trace, calls the functions of
-- ps_trace, and sees nothing else. Roles belong to the whole server, so another database may have made it already, or be
-- making it now. What we have no right to do is left out, and said.
--
-- Settings hold for whoever logs in as a role, and members do not inherit them: a role that is granted ps_trace_reader
-- needs the search_path and the time-outs of its own.
DO $reader$
DECLARE
  setting text;
  owner text := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'ps_trace');
BEGIN
  BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ps_trace_reader') THEN
      BEGIN
        CREATE ROLE ps_trace_reader NOLOGIN;
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
    GRANT USAGE ON SCHEMA ps_trace, _ps_trace TO ps_trace_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA ps_trace, _ps_trace TO ps_trace_reader;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ps_trace TO ps_trace_reader;
    REVOKE EXECUTE ON FUNCTION
      ps_trace.set_trace_retention_period, ps_trace.confirm_trace_retention, ps_trace.confirm_time_gap, ps_trace.delete_all_traces
    FROM ps_trace_reader;
  EXCEPTION
    WHEN insufficient_privilege THEN RAISE NOTICE 'ps_trace_reader is left as it is: %', SQLERRM;
  END;
  BEGIN
    COMMENT ON ROLE ps_trace_reader IS 'Reads the views of ps_trace and _ps_trace and calls the functions of ps_trace, but for those that change something. Its sessions are read-only, a statement has 30 s, and ps_trace is in its search_path; members of it need these settings of their own';
  EXCEPTION
    WHEN insufficient_privilege OR undefined_object THEN NULL;
  END;
  FOREACH setting IN ARRAY ARRAY[
    -- So that queries find 'span', and TimescaleDB's functions before our stand-ins.
    $$search_path = "$user", public, ps_trace$$,
    $$default_transaction_read_only = on$$,
    $$statement_timeout = '30s'$$,
    $$idle_in_transaction_session_timeout = '60s'$$,
    -- A superuser alone may set it.
    $$temp_file_limit = '4GB'$$
  ]
  LOOP
    BEGIN
      EXECUTE format('ALTER ROLE ps_trace_reader IN DATABASE %I SET %s', current_database(), setting);
    EXCEPTION
      WHEN insufficient_privilege OR undefined_object THEN RAISE NOTICE 'ps_trace_reader is left without %: %', setting, SQLERRM;
    END;
  END LOOP;
  -- The owner's own choice stays.
  IF NOT EXISTS (
    SELECT
    FROM pg_db_role_setting s
    JOIN pg_roles r ON r.oid = s.setrole
    LEFT JOIN pg_database d ON d.oid = s.setdatabase
    CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
    WHERE r.rolname = owner AND coalesce(d.datname, current_database()) = current_database() AND c.setting LIKE 'search_path=%'
  ) THEN
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = "$user", public, ps_trace', owner, current_database());
  END IF;
EXCEPTION
  WHEN insufficient_privilege THEN RAISE NOTICE '% is left without a search_path: %', owner, SQLERRM;
END
$reader$;
