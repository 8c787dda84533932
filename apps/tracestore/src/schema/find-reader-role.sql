-- Can ps_trace_reader read every view and call every function that is meant for it, and has it its settings?
SELECT EXISTS (
  SELECT
  FROM pg_roles r
  WHERE r.rolname = 'ps_trace_reader'
    AND has_schema_privilege(r.oid, 'ps_trace', 'USAGE') AND has_schema_privilege(r.oid, '_ps_trace', 'USAGE')
    AND NOT EXISTS (
      SELECT
      FROM pg_class c
      WHERE c.relnamespace IN ('ps_trace'::regnamespace, '_ps_trace'::regnamespace) AND c.relkind = 'v'
        AND NOT has_table_privilege(r.oid, c.oid, 'SELECT')
    )
    AND NOT EXISTS (
      SELECT
      FROM pg_proc p
      WHERE p.pronamespace = 'ps_trace'::regnamespace
        AND has_function_privilege(r.oid, p.oid, 'EXECUTE') = (p.proname IN (
          'set_trace_retention_period', 'confirm_trace_retention', 'confirm_time_gap', 'delete_all_traces'
        ))
    )
    AND EXISTS (
      SELECT
      FROM pg_db_role_setting s
      JOIN pg_database d ON d.oid = s.setdatabase
      WHERE s.setrole = r.oid AND d.datname = current_database() AND array_to_string(s.setconfig, ' ') ~ 'search_path=.*ps_trace'
    )
) AS is_ready;
