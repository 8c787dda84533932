-- The common table expressions that a query of whole traces begins with: `span` has the columns of spans-of-traces.sql and what
-- TraceQL computes from the whole trace. Spans are numbered by trace, start and id; `trace_n` is the number of the first one.
--
-- Client and server that share an id, as Zipkin writes them, are parent and child. A trace with other spans of one id has no
-- numbers of the nested set.
-- :spans           see spans-of-traces.sql.
-- :numbers         the numbers of the nested set, see trace-columns.sql.
-- :parent          the parent of a span, see trace-columns.sql.
raw AS MATERIALIZED (
  SELECT
    x.*,
    row_number() OVER (
      ORDER BY x.trace_id, x.start_ns, x.span_id < 0, x.span_id, x.kind DESC, x.instance
    ) AS n
  FROM (:spans) AS x
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
  :numbers
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
  LEFT JOIN (:parent) AS parent ON parent.n = linked.parent_n
)
