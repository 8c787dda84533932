-- Old names of kinds and status codes equal the new ones only where ps_trace is in the search_path. Elsewhere a query with
-- an old name finds no rows, without an error. So every session in this database gets ps_trace at the end of its
-- search_path, unless the database has a search_path already.
DO $search_path$
BEGIN
  IF NOT EXISTS (
    SELECT
    FROM pg_db_role_setting s
    JOIN pg_database d ON d.oid = s.setdatabase
    CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
    WHERE d.datname = current_database() AND s.setrole = 0 AND c.setting LIKE 'search_path=%'
  ) THEN
    EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, ps_trace', current_database());
  END IF;
EXCEPTION
  WHEN insufficient_privilege THEN
    RAISE NOTICE 'database % keeps its search_path without ps_trace: %', current_database(), SQLERRM;
END
$search_path$;
