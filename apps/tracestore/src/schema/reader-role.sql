-- Creates the role of the SQL page, dashboards and analysts: it reads the views of ps_trace and _ps_trace, calls the functions
-- of ps_trace, and sees nothing else. Skips statements for which the role of this session lacks the privilege.
--
-- Roles belong to the whole server. So another database can create or change the role at the same time: unique_violation,
-- duplicate_object or internal_error ("tuple concurrently updated"). The next start then applies the rest.
--
-- Settings apply to sessions that log in as a role, and members do not inherit them: a role with ps_trace_reader needs its own
-- search_path and time-outs.
DO $reader$
DECLARE
  statement text;
  owner text := (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'ps_trace');
  has_set_option boolean := current_setting('server_version_num')::int4 >= 160000;
  about text := 'Reads the views of ps_trace and _ps_trace and calls the functions of ps_trace, but for those that change something. Its sessions are read-only, a statement has 30 s, and ps_trace is in its search_path; members of it need these settings of their own';
BEGIN
  IF to_regrole('ps_trace_reader') IS NULL THEN
    BEGIN
      CREATE ROLE ps_trace_reader NOLOGIN;
    EXCEPTION
      WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'ps_trace_reader is not created: %', SQLERRM;
    END;
  END IF;
  IF to_regrole('ps_trace_reader') IS NOT NULL THEN
    FOREACH statement IN ARRAY ARRAY[
      -- Creating a role does not give the privilege to SET it. Before PostgreSQL 16, a role with CREATEROLE can grant any role.
      CASE WHEN NOT pg_has_role(session_user, 'ps_trace_reader', CASE WHEN has_set_option THEN 'SET' ELSE 'MEMBER' END) THEN
        format('GRANT ps_trace_reader TO %I%s', session_user, CASE WHEN has_set_option THEN ' WITH SET TRUE, INHERIT FALSE' END)
      END,
      'GRANT USAGE ON SCHEMA ps_trace, _ps_trace TO ps_trace_reader',
      'GRANT SELECT ON ALL TABLES IN SCHEMA ps_trace, _ps_trace TO ps_trace_reader',
      'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ps_trace TO ps_trace_reader',
      -- Functions that change data are VOLATILE.
      (
        SELECT format(
          'REVOKE EXECUTE ON FUNCTION %s FROM ps_trace_reader',
          string_agg(format('ps_trace.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), ', ')
        )
        FROM pg_proc p
        WHERE p.pronamespace = 'ps_trace'::regnamespace AND p.provolatile = 'v'
      ),
      -- PUBLIC has these two privileges, unless an administrator has revoked them.
      CASE WHEN NOT has_database_privilege('ps_trace_reader', current_database(), 'TEMPORARY') THEN
        format('GRANT TEMPORARY ON DATABASE %I TO ps_trace_reader', current_database())
      END,
      CASE WHEN NOT has_language_privilege('ps_trace_reader', 'plpgsql', 'USAGE') THEN
        'GRANT USAGE ON LANGUAGE plpgsql TO ps_trace_reader'
      END,
      -- Queries then find 'span', and TimescaleDB's functions before ours of the same name.
      format('ALTER ROLE ps_trace_reader IN DATABASE %I SET search_path = "$user", public, ps_trace', current_database()),
      format('ALTER ROLE ps_trace_reader IN DATABASE %I SET default_transaction_read_only = on', current_database()),
      format('ALTER ROLE ps_trace_reader IN DATABASE %I SET statement_timeout = %L', current_database(), '30s'),
      format('ALTER ROLE ps_trace_reader IN DATABASE %I SET idle_in_transaction_session_timeout = %L', current_database(), '60s'),
      -- Only a superuser, or a role with the privilege, can set this.
      format('ALTER ROLE ps_trace_reader IN DATABASE %I SET temp_file_limit = %L', current_database(), '4GB'),
      CASE WHEN shobj_description(to_regrole('ps_trace_reader'), 'pg_authid') IS DISTINCT FROM about THEN
        format('COMMENT ON ROLE ps_trace_reader IS %L', about)
      END
    ]
    LOOP
      CONTINUE WHEN statement IS NULL;
      BEGIN
        EXECUTE statement;
      EXCEPTION
        WHEN insufficient_privilege OR undefined_object OR unique_violation OR internal_error THEN
          RAISE NOTICE '% is left out: %', statement, SQLERRM;
      END;
    END LOOP;
  END IF;
  -- A search_path that the owner has set stays.
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
  WHEN insufficient_privilege OR unique_violation OR internal_error THEN
    RAISE NOTICE '% is left without a search_path: %', owner, SQLERRM;
END
$reader$;
