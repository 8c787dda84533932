-- Returns the spans that a search finds: a row for each span of each set, the newest trace first. Traces with a span that starts in
-- the range of time are searched.
-- :traces      see whole-traces.sql.
-- :relations   the stages of the pipeline, see stages.sql.
-- :"found"     the last stage.
WITH
:traces,
:relations
SELECT
  replace((s.trace_id)::text, '-', '') AS trace_id_hex,
  lpad(to_hex(s.span_id), 16, '0') AS span_id_hex,
  p.g AS span_set,
  p.a AS span_set_attributes,
  s.service_name,
  s.name AS span_name,
  to_timestamp(s.start_ns / 1e9) AS start_time,
  s.duration_ns / 1e6 AS duration_ms,
  s.attributes AS span_tags
FROM :"found" p
JOIN span s ON s.n = p.n
JOIN trace t ON t.trace_id = s.trace_id
ORDER BY t.start_ns DESC, p.g, p.n
