-- Can ps_trace_reader read every view of ps_trace?
SELECT
  EXISTS (SELECT FROM pg_roles WHERE rolname = 'ps_trace_reader')
  AND NOT EXISTS (
    SELECT
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_roles r ON r.rolname = 'ps_trace_reader'
    WHERE n.nspname = 'ps_trace' AND c.relkind = 'v'
      AND NOT (has_table_privilege(r.oid, c.oid, 'SELECT') AND has_schema_privilege(r.oid, n.oid, 'USAGE'))
  ) AS can_read;
