-- Makes the next store apply all object files, because a table file can have dropped objects. Early table files come before
-- this table.
DO $stale$
BEGIN
  IF to_regclass('tracestore.schema_object') IS NOT NULL THEN
    UPDATE tracestore.schema_object SET checksum = 'stale';
  END IF;
END
$stale$;
