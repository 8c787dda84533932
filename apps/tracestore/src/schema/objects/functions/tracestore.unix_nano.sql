-- What can be asked about traces beyond the rows of the views: their trees, self time, critical path, OTLP and summary.
-- docs/adr/0009-sql-surface.md says why each is as it is.
--
-- Functions that read tables run with their owner's rights, because readers have none on schema tracestore; so their
-- search_path is fixed, and their SQL too: no argument ever becomes part of a statement.

CREATE OR REPLACE FUNCTION tracestore.unix_nano(p_time timestamptz, p_nanos int2) RETURNS int8
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (extract(epoch FROM p_time) * 1000000)::int8 * 1000 + p_nanos;
COMMENT ON FUNCTION tracestore.unix_nano IS 'Nanoseconds since 1970, exact, of a time and the nanoseconds that it has no room for';
