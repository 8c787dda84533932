-- Returns whether the spans of the database can be read: whether it has Promscale's table of spans, the version of the
-- extension, whether the enumerations have the words of Promscale 0.15, and whether TimescaleDB is there.
SELECT
  to_regclass('_ps_trace.span') IS NOT NULL AS has_spans,
  (SELECT extversion FROM pg_extension WHERE extname = 'promscale') AS extension_version,
  EXISTS (
    SELECT
    FROM pg_enum e
    JOIN pg_type t ON t.oid = e.enumtypid
    JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = 'ps_trace' AND t.typname = 'span_kind' AND e.enumlabel = 'server'
  ) AS has_words,
  to_regclass('timescaledb_information.chunks') IS NOT NULL AS has_chunks;
