-- Creates the schemas and the table of applied migrations, before the first migration. A table of an earlier build gets the
-- column admits: the lowest schema whose builds may run without the migration, or NULL if none may. An administrator can have created the
-- schemas for a role without that privilege. CREATE SCHEMA IF NOT EXISTS needs the privilege even where the schema exists.
DO $ledger$
BEGIN
  IF to_regnamespace('tracestore') IS NULL THEN
    CREATE SCHEMA tracestore;
  END IF;
  IF to_regnamespace('ps_trace') IS NULL THEN
    CREATE SCHEMA ps_trace;
  END IF;
  -- Promscale's private schema, because Promscale's dashboards read it.
  IF to_regnamespace('_ps_trace') IS NULL THEN
    CREATE SCHEMA _ps_trace;
  END IF;
  IF to_regclass('tracestore.migration') IS NULL THEN
    CREATE TABLE tracestore.migration (
      name       text PRIMARY KEY,
      checksum   text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(),
      admits     int4
    );
  ELSIF NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = 'tracestore.migration'::regclass AND attname = 'admits' AND NOT attisdropped
  ) THEN
    -- Another store can have added it by now.
    ALTER TABLE tracestore.migration ADD COLUMN IF NOT EXISTS admits int4;
  END IF;
END
$ledger$;
