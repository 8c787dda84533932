-- The features of this server and this database. pg_settings shows only settings that this role can see.
SELECT
  current_setting('server_version') AS postgres_version,
  (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescale_version,
  current_setting('timescaledb.license', true) AS timescale_license,
  EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') AS timescale_is_available,
  -- A setting of TimescaleDB's loader: without the loader CREATE EXTENSION ends the connection.
  current_setting('timescaledb.disable_load', true) IS NOT NULL AS timescale_is_preloaded,
  EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('tracestore.span') AND relkind = 'p') AS has_native_partitions,
  to_regclass('tracestore.span') IS NOT NULL AS has_tables,
  EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) AS has_lz4;
