-- Who may do what on the stack's own server: two roles that log in and are no superusers.
-- May run any number of times.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tracestore') THEN
    -- It makes its schemas, and the read-only role that goes with them.
    CREATE ROLE tracestore LOGIN CREATEROLE;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'backend') THEN
    CREATE ROLE backend LOGIN;
  END IF;
  GRANT CREATE ON DATABASE postgres TO tracestore;
END
$$;
