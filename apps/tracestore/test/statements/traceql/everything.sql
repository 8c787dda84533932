-- Query: {}
-- rows: true
WITH
raw AS MATERIALIZED (
  SELECT
    x.*,
    row_number() OVER (
      ORDER BY x.trace_id, x.start_ns, x.span_id < 0, x.span_id, x.kind DESC, x.instance
    ) AS n
  FROM (SELECT
    s.trace_id::uuid AS trace_id,
    s.span_id,
    s.parent_span_id,
    0 AS instance,
    s.start_time_unix_nano AS start_ns,
    greatest(s.end_time_unix_nano - s.start_time_unix_nano, 0) AS duration_ns,
    s.service_name,
    s.span_name AS name,
    coalesce(array_position(ARRAY['internal', 'server', 'client', 'producer', 'consumer'], s.span_kind::text), 0) AS kind,
    coalesce(array_position(ARRAY['ok', 'error'], s.status_code::text), 0) AS status,
    coalesce(s.status_message, '') AS status_message,
    s.span_tags::jsonb AS attributes,
    s.resource_tags::jsonb AS resource,
    coalesce(s.instrumentation_lib_name, '') AS scope_name,
    coalesce(s.instrumentation_lib_version, '') AS scope_version,
    s.instrumentation_lib_tags::jsonb AS scope,
    NULL::jsonb[] AS events,
    NULL::jsonb[] AS links
  FROM ps_trace.span s
  WHERE s.trace_id IN (
    SELECT x.trace_id
    FROM ps_trace.span x
    WHERE x.start_time BETWEEN '2023-11-14T21:13:20.000000Z'::timestamptz AND '2023-11-14T22:13:20.000000Z'::timestamptz
  )) AS x
),
same_id AS MATERIALIZED (
  SELECT
    trace_id,
    span_id,
    count(*) AS spans,
    min(n) AS first_n,
    min(n) FILTER (WHERE kind = 3) AS client_n,
    min(n) FILTER (WHERE kind = 2) AS server_n
  FROM raw
  GROUP BY trace_id, span_id
),
trace AS MATERIALIZED (
  SELECT
    t.*,
    root.name AS root_name,
    CASE WHEN jsonb_typeof(root.resource -> 'service.name') = 'string' THEN root.resource ->> 'service.name' END AS root_service_name
  FROM (
    SELECT
      trace_id,
      min(n) AS trace_n,
      count(*) AS spans,
      min(start_ns) AS start_ns,
      max(start_ns + duration_ns) AS end_ns,
      min(n) FILTER (WHERE parent_span_id IS NULL) AS root_n
    FROM raw
    GROUP BY trace_id
  ) AS t
  LEFT JOIN raw root ON root.n = t.root_n
),
linked AS MATERIALIZED (
  SELECT
    raw.n,
    raw.trace_id,
    raw.parent_span_id IS NULL AND NOT (raw.kind = 2 AND own.client_n IS NOT NULL) AS is_root,
    CASE
      WHEN raw.kind = 2 AND own.client_n IS NOT NULL THEN own.client_n
      ELSE coalesce(above.server_n, above.first_n)
    END AS parent_n,
    own.spans = 1 OR own.spans = 2 AND own.client_n IS NOT NULL AND own.server_n IS NOT NULL AS is_alone
  FROM raw
  JOIN same_id own ON own.trace_id = raw.trace_id AND own.span_id = raw.span_id
  LEFT JOIN same_id above ON above.trace_id = raw.trace_id AND above.span_id = raw.parent_span_id
),
numbered AS MATERIALIZED (
  SELECT NULL::int8 AS n, 0 AS nested_left, 0 AS nested_right, 0 AS nested_parent, 0 AS children WHERE false
),
span AS MATERIALIZED (
  SELECT
    raw.*,
    trace.trace_n,
    trace.end_ns - trace.start_ns AS trace_duration_ns,
    coalesce(trace.root_name, '') AS root_name,
    coalesce(trace.root_service_name, '') AS root_service_name,
    linked.is_root,
    coalesce(numbered.nested_left, 0) AS nested_left,
    coalesce(numbered.nested_right, 0) AS nested_right,
    coalesce(numbered.nested_parent, CASE WHEN linked.is_root THEN -1 ELSE 0 END) AS nested_parent,
    coalesce(numbered.children, 0) AS children,
    parent.attributes AS parent_attributes,
    parent.resource AS parent_resource
  FROM raw
  JOIN trace ON trace.trace_id = raw.trace_id
  JOIN linked ON linked.n = raw.n
  LEFT JOIN numbered ON numbered.n = raw.n
  LEFT JOIN (SELECT NULL::int8 AS n, NULL::jsonb AS attributes, NULL::jsonb AS resource WHERE false) AS parent ON parent.n = linked.parent_n
),
"found_1" AS MATERIALIZED (
  SELECT t.trace_n AS o, t.trace_n AS g, s.n, '[]'::jsonb AS a
  FROM trace t
  JOIN span s ON s.trace_n = t.trace_n
  WHERE t.end_ns >= '1699996400000000000'::int8 AND t.start_ns <= '1700000000000000000'::int8
),
"found_2" AS MATERIALIZED (
  SELECT p.o, p.g, p.n, p.a
  FROM "found_1" p
  JOIN span s ON s.n = p.n
  WHERE true
)
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
FROM "found_2" p
JOIN span s ON s.n = p.n
JOIN trace t ON t.trace_id = s.trace_id
ORDER BY t.start_ns DESC, p.g, p.n;
