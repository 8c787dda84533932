-- Returns the spans of a trace that have gen_ai attributes, in the order of their starts: these attributes, and the gen_ai events, as
-- JSON. A long text is cut: JSON in it is then incomplete. is_cut says that there are more spans than are returned.
-- :'trace_id'       the trace.
-- :'start_min'      the first start of a span.
-- :'start_max'      the last start of a span.
-- :'with_content'   whether to return messages, instructions, arguments and results of tools, and events.
-- :'limit'          how many spans to read. One less is returned.
-- :'text_limit'     how many characters of a text to return.
-- :'content_limit'  how many characters to return in all, roughly.
WITH s AS MATERIALIZED (
  SELECT span_id, instance, start_time, start_nanos, attributes
  FROM tracestore.span
  WHERE trace_id = :'trace_id'::uuid AND start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    AND attributes ?| ARRAY[
      'gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.system', 'gen_ai.request.model', 'gen_ai.response.model',
      'gen_ai.tool.name', 'gen_ai.agent.name'
    ]
  ORDER BY start_time, start_nanos, span_id, instance
  LIMIT :'limit'::int4
),
-- A structured value counts as text here, because a part of JSON is not valid JSON.
own AS (
  SELECT
    s.span_id, s.instance, s.start_time, s.start_nanos,
    json_object_agg(each.key, CASE
      WHEN jsonb_typeof(each.value) = 'string' THEN to_json(left(each.value #>> '{}', :'text_limit'::int4))
      WHEN length(each.value::text) > :'text_limit'::int4 THEN to_json(left(each.value::text, :'text_limit'::int4))
      ELSE each.value::json
    END) AS attributes
  FROM s
  CROSS JOIN LATERAL (
    SELECT key, value
    FROM jsonb_each(s.attributes)
    WHERE starts_with(key, 'gen_ai.') AND length(key) <= 200 AND (
      :'with_content'::bool
      OR key IN (
        'gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.system', 'gen_ai.request.model', 'gen_ai.response.model',
        'gen_ai.agent.name', 'gen_ai.tool.name', 'gen_ai.response.finish_reasons',
        'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'gen_ai.usage.prompt_tokens', 'gen_ai.usage.completion_tokens'
      )
    )
    LIMIT 500
  ) AS each
  GROUP BY s.span_id, s.instance, s.start_time, s.start_nanos
),
event AS (
  SELECT span_id, span_instance, json_agg(json_build_object('name', name, 'attributes', attributes) ORDER BY event_nbr) AS events
  FROM (
    SELECT
      e.span_id, e.span_instance, e.event_nbr, left(e.name, 200) AS name,
      (
        SELECT json_object_agg(each.key, CASE
          WHEN jsonb_typeof(each.value) = 'string' THEN to_json(left(each.value #>> '{}', :'text_limit'::int4))
          WHEN length(each.value::text) > :'text_limit'::int4 THEN to_json(left(each.value::text, :'text_limit'::int4))
          ELSE each.value::json
        END)
        FROM (SELECT key, value FROM jsonb_each(e.attributes) WHERE length(key) <= 200 LIMIT 100) AS each
      ) AS attributes,
      row_number() OVER (PARTITION BY e.span_id, e.span_instance ORDER BY e.event_nbr) AS place
    FROM tracestore.event e
    WHERE :'with_content'::bool AND e.trace_id = :'trace_id'::uuid
      AND e.span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
      AND starts_with(e.name, 'gen_ai.')
  ) AS named
  WHERE place <= 200
  GROUP BY span_id, span_instance
),
answer AS (
  SELECT
    own.start_time, own.start_nanos, own.span_id, own.instance,
    json_build_object(
      'spanId', lpad(to_hex(own.span_id), 16, '0'), 'attributes', own.attributes, 'events', coalesce(event.events, '[]'::json)
    )::text AS span
  FROM own
  LEFT JOIN event ON event.span_id = own.span_id AND event.span_instance = own.instance
)
SELECT span, is_cut
FROM (
  SELECT
    span,
    sum(length(span)) OVER by_start AS characters,
    row_number() OVER by_start AS place,
    sum(length(span)) OVER () > :'content_limit'::int8 OR count(*) OVER () >= :'limit'::int4 AS is_cut
  FROM answer
  WINDOW by_start AS (ORDER BY start_time, start_nanos, span_id, instance)
) AS counted
WHERE place < :'limit'::int4 AND (characters <= :'content_limit'::int8 OR place = 1)
ORDER BY place
