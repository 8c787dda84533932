-- Returns the sets of spans that a search finds in some traces: one row for each span that is returned, by trace, set, start and
-- id. There is at least one row; without spans, the others of its columns are NULL.
--
-- `side_is_grouped` and `aggregate_is_grouped`: the query has no answer, because a pipeline within parentheses has several sets.
-- :traces       see whole-traces.sql.
-- :relations    the stages of the pipeline, see stages.sql.
-- :"found"      the last stage.
-- :'most_spans' how many spans of a set to return.
-- :side_is_grouped       whether a side of an operator has several sets.
-- :aggregate_is_grouped  whether an aggregate is that of several sets.
-- :fields       what the answer says of a span `s`, see report.sql.
WITH
:traces,
:relations,
ranked AS (
  SELECT
    p.g,
    p.n,
    p.a,
    row_number() OVER (PARTITION BY p.g ORDER BY p.n) AS nr,
    count(*) OVER (PARTITION BY p.g) AS matched
  FROM :"found" p
),
service AS (
  SELECT
    trace_id,
    json_agg(json_build_array(service_name, spans, errors) ORDER BY service_name COLLATE "C") AS services
  FROM (
    SELECT trace_id, service_name, count(*) AS spans, count(*) FILTER (WHERE status = 2) AS errors
    FROM raw
    GROUP BY trace_id, service_name
  ) AS counted
  GROUP BY trace_id
)
SELECT
  checks.*,
  answer.*
FROM (
  SELECT
    :side_is_grouped AS side_is_grouped,
    :aggregate_is_grouped AS aggregate_is_grouped,
    (SELECT count(*) FROM trace) AS traces,
    (SELECT count(*) FROM raw) AS spans
) AS checks
LEFT JOIN (
  SELECT
    ranked.g,
    ranked.nr,
    ranked.matched,
    s.trace_id,
    s.span_id,
    s.name,
    s.start_ns,
    s.duration_ns,
    :fields AS fields,
    -- The following are the same for all spans of a set.
    CASE WHEN ranked.nr = 1 THEN (ranked.a)::text END AS labels,
    CASE WHEN ranked.nr = 1 THEN service.services END AS services,
    trace.start_ns AS trace_start_ns,
    trace.end_ns AS trace_end_ns,
    trace.root_n IS NOT NULL AS has_root,
    CASE WHEN ranked.nr = 1 THEN trace.root_name END AS root_name,
    CASE WHEN ranked.nr = 1 THEN trace.root_service_name END AS root_service_name
  FROM ranked
  JOIN span s ON s.n = ranked.n
  JOIN trace ON trace.trace_id = s.trace_id
  JOIN service ON service.trace_id = s.trace_id
  WHERE ranked.nr <= :'most_spans'::int8
) AS answer ON true
ORDER BY answer.trace_id, answer.g, answer.nr
