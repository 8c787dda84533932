-- The schemas and the list of applied migrations: what must be there before the first migration. An administrator may
-- have made the schemas for a role that may not, and CREATE SCHEMA asks for the right even where there is nothing to do.
DO $ledger$
BEGIN
  IF to_regnamespace('tracestore') IS NULL THEN
    CREATE SCHEMA tracestore;
  END IF;
  IF to_regnamespace('ps_trace') IS NULL THEN
    CREATE SCHEMA ps_trace;
  END IF;
  -- Of Promscale's private schema, what its dashboards look into.
  IF to_regnamespace('_ps_trace') IS NULL THEN
    CREATE SCHEMA _ps_trace;
  END IF;
  IF to_regclass('tracestore.migration') IS NULL THEN
    CREATE TABLE tracestore.migration (
      name       text PRIMARY KEY,
      checksum   text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE tracestore.migration IS 'The migrations that this database has, each with the SHA-256 of its file';
  END IF;
END
$ledger$;
