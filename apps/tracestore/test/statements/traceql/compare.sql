-- Query: { kind = server } | compare({ status = error }, 5)
-- dictionary: kind = server
-- rows: compare
WITH spans AS MATERIALIZED (
  SELECT s.*, (s.status = '2'::numeric) IS TRUE AS is_selected FROM (WITH
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
    SELECT of_trace.trace_n + place.place - 1 AS n, place.nested_left, place.nested_right, place.nested_parent, place.children
    FROM (
      SELECT
        min(linked.n) AS trace_n,
        array_agg(
          CASE WHEN linked.is_root THEN 0 ELSE (linked.parent_n - trace.trace_n + 1)::int4 END ORDER BY linked.n
        ) AS parents
      FROM linked
      JOIN trace ON trace.trace_id = linked.trace_id
      GROUP BY linked.trace_id
      HAVING bool_and(linked.is_alone)
    ) AS of_trace
    CROSS JOIN LATERAL ps_trace.traceql_nested_set(of_trace.parents) AS place
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
    WHERE t.end_ns >= '0'::int8 AND t.start_ns <= '9223372036854775807'::int8
  ),
  "found_2" AS MATERIALIZED (
    SELECT p.o, p.g, p.n, p.a
    FROM "found_1" p
    JOIN span s ON s.n = p.n
    WHERE (s.kind = '2'::numeric) IS TRUE
  )
  SELECT s.*, (s.start_ns - '1699996400000000000'::int8 - 1) / '60000000000'::int8 AS i
  FROM "found_2" p
  JOIN span s ON s.n = p.n
  WHERE s.start_ns > '1699996400000000000'::int8 AND s.start_ns <= '1700000000000000000'::int8) AS s
),
counted AS MATERIALIZED (
  SELECT f.is_selected, f.i, f.name, f.value, sum(f.spans) AS spans
  FROM (
    SELECT s.is_selected, s.i, 'span.' || a.key AS name, (CASE
      WHEN jsonb_typeof(a.value) IN ('string', 'number', 'boolean') THEN a.value
      WHEN jsonb_typeof(ps_trace.traceql_value(a.value)) <> 'array' THEN ps_trace.traceql_value(a.value)
    END)::text AS value, count(*) AS spans
    FROM spans s
    CROSS JOIN LATERAL jsonb_each(s.attributes) AS a
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT g.is_selected, g.i, 'resource.' || a.key, (CASE
      WHEN jsonb_typeof(a.value) IN ('string', 'number', 'boolean') THEN a.value
      WHEN jsonb_typeof(ps_trace.traceql_value(a.value)) <> 'array' THEN ps_trace.traceql_value(a.value)
    END)::text, g.spans
    FROM (SELECT s.is_selected, s.i, (s.resource)::text AS resource, count(*) AS spans FROM spans s GROUP BY 1, 2, 3) AS g
    CROSS JOIN LATERAL jsonb_each((g.resource)::jsonb) AS a
    UNION ALL
    SELECT g.is_selected, g.i, 'instrumentation.' || a.key, (CASE
      WHEN jsonb_typeof(a.value) IN ('string', 'number', 'boolean') THEN a.value
      WHEN jsonb_typeof(ps_trace.traceql_value(a.value)) <> 'array' THEN ps_trace.traceql_value(a.value)
    END)::text, g.spans
    FROM (SELECT s.is_selected, s.i, (s.scope)::text AS scope, count(*) AS spans FROM spans s GROUP BY 1, 2, 3) AS g
    CROSS JOIN LATERAL jsonb_each((g.scope)::jsonb) AS a
    UNION ALL
    SELECT g.is_selected, g.i, a.key, (a.value)::text, g.spans
    FROM (
      SELECT
        s.is_selected, s.i, s.name, s.status, s.status_message, s.kind, s.root_name, s.root_service_name, s.scope_name,
        s.scope_version, s.children, count(*) AS spans
      FROM spans s
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ) AS g
    CROSS JOIN LATERAL (
      VALUES
        ('name', to_jsonb(g.name)),
        ('status', to_jsonb((ARRAY['unset', 'ok', 'error'])[1 + g.status])),
        ('statusMessage', to_jsonb(g.status_message)),
        ('kind', to_jsonb((ARRAY['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])[1 + g.kind])),
        ('rootName', to_jsonb(g.root_name)),
        ('rootServiceName', to_jsonb(g.root_service_name)),
        ('instrumentation:name', to_jsonb(g.scope_name)),
        ('instrumentation:version', to_jsonb(g.scope_version)),
        ('span:childCount', to_jsonb(g.children))
    ) AS a (key, value)
  ) AS f
  GROUP BY 1, 2, 3, 4
),
ranked AS (
  SELECT
    t.is_selected,
    t.name,
    t.value,
    row_number() OVER (
      PARTITION BY t.is_selected, t.name
      ORDER BY t.spans DESC, coalesce(ps_trace.traceql_type(t.value::jsonb), 'nil') COLLATE "C", ((t.value)::jsonb #>> '{}') COLLATE "C"
    ) AS nr
  FROM (SELECT is_selected, name, value, sum(spans) AS spans FROM counted GROUP BY 1, 2, 3) AS t
)
SELECT c.is_selected, c.name, false AS is_total, c.value, c.i, c.spans::float8 AS spans
FROM counted c
JOIN ranked r
  ON r.is_selected = c.is_selected AND r.name = c.name AND coalesce(r.value, '') = coalesce(c.value, '')
WHERE r.nr <= '5'::int8
UNION ALL
SELECT is_selected, name, true, NULL, i, sum(spans)::float8
FROM counted
GROUP BY 1, 2, 5
LIMIT '500001'::int8;
