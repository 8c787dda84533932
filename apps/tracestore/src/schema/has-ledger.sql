-- Returns whether the database has the table of applied migrations.
SELECT to_regclass('tracestore.migration') IS NOT NULL AS has_ledger;
