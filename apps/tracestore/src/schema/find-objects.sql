-- The object files that this database has applied, each with its checksum and the revision of the build; no row before the
-- first time.
SELECT name, checksum, revision FROM tracestore.schema_object;
