-- Which privileges ps_trace_reader and the role of this session have for statements that run as ps_trace_reader; one row.
-- Without the role ps_trace_reader all columns are false. Functions of ps_trace that change data are VOLATILE, and readers
-- cannot call them.
SELECT
  current_setting('server_version_num')::int4 AS server_version,
  current_database()::text AS database,
  session_user::text AS login,
  r.oid IS NOT NULL AS role_exists,
  -- SET is a separate option since PostgreSQL 16; before, every member can SET ROLE.
  coalesce(
    pg_has_role(session_user, r.oid, CASE WHEN current_setting('server_version_num')::int4 >= 160000 THEN 'SET' ELSE 'MEMBER' END),
    false
  ) AS may_set_role,
  coalesce(
    has_schema_privilege(r.oid, 'ps_trace', 'USAGE') AND has_schema_privilege(r.oid, '_ps_trace', 'USAGE'),
    false
  ) AS uses_schemas,
  r.oid IS NOT NULL AND NOT EXISTS (
    SELECT
    FROM pg_class c
    WHERE c.relnamespace IN ('ps_trace'::regnamespace, '_ps_trace'::regnamespace) AND c.relkind = 'v'
      AND NOT has_table_privilege(r.oid, c.oid, 'SELECT')
  ) AS reads_views,
  r.oid IS NOT NULL AND NOT EXISTS (
    SELECT
    FROM pg_proc p
    WHERE p.pronamespace = 'ps_trace'::regnamespace
      AND p.provolatile <> 'v'
      AND NOT has_function_privilege(r.oid, p.oid, 'EXECUTE')
  ) AS calls_functions,
  r.oid IS NOT NULL AND NOT EXISTS (
    SELECT
    FROM pg_proc p
    WHERE p.pronamespace = 'ps_trace'::regnamespace
      AND p.provolatile = 'v'
      AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
  ) AS changes_nothing,
  ARRAY(
    SELECT format('ps_trace.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
    FROM pg_proc p
    WHERE p.pronamespace = 'ps_trace'::regnamespace AND p.provolatile = 'v'
    ORDER BY 1
  ) AS changing_functions,
  -- A statement runs inside of a temporary function in PL/pgSQL.
  coalesce(has_database_privilege(r.oid, current_database(), 'TEMPORARY'), false) AS makes_temporary,
  coalesce(has_language_privilege(r.oid, 'plpgsql', 'USAGE'), false) AS uses_plpgsql,
  coalesce(r.rolcanlogin, false) AS logs_in,
  (
    SELECT count(*)
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase
    CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
    WHERE s.setrole = r.oid AND d.datname = current_database()
      AND c.setting ~ '^(search_path=.*ps_trace|default_transaction_read_only=on|statement_timeout=)'
  ) = 3 AS has_settings
FROM (SELECT) AS one
LEFT JOIN pg_roles r ON r.rolname = 'ps_trace_reader'
