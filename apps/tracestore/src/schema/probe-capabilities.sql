-- What this server and this database can do. pg_settings shows only what we may see.
SELECT
  current_setting('server_version') AS postgres_version,
  (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescale_version,
  current_setting('timescaledb.license', true) AS timescale_license,
  EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS timescale_is_available,
  -- The loader's own setting: without the loader CREATE EXTENSION would end the connection.
  current_setting('timescaledb.disable_load', true) IS NOT NULL AS timescale_is_preloaded,
  EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('tracestore.span') AND relkind = 'p') AS has_native_partitions,
  to_regclass('tracestore.span') IS NOT NULL AS has_tables,
  EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) AS has_lz4;
