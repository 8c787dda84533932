-- No index knows attributes. But a library gives all spans of an operation the same ones, so the newest spans of each operation
-- tell which operations call models, and only the spans of these operations are read, by the index of operations.
CREATE OR REPLACE FUNCTION ps_trace.gen_ai_call(_start_time_min timestamptz, _start_time_max timestamptz)
RETURNS TABLE (
  trace_id ps_trace.trace_id, trace_id_hex text, span_id int8, span_id_hex text, service_name text, span_name text,
  operation_name text, provider_name text, model text, start_time timestamptz, duration_ms float8, is_error boolean,
  input_tokens int8, output_tokens int8, finish_reasons text[]
)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_bitmapscan = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH calling AS MATERIALIZED (
    SELECT o.id, o.service_name, o.span_name
    FROM tracestore.operation o
    -- A day more, because the clock of a sender can differ from that of the database.
    WHERE o.last_seen >= _start_time_min - interval '1 day' AND EXISTS (
      SELECT
      FROM (
        SELECT s.attributes
        FROM tracestore.span s
        WHERE s.operation_id = o.id AND s.start_time >= _start_time_min AND s.start_time < _start_time_max
        ORDER BY s.start_time DESC
        LIMIT 5
      ) AS newest
      WHERE newest.attributes ?| ARRAY['gen_ai.request.model', 'gen_ai.response.model']
    )
  )
  SELECT
    s.trace_id::ps_trace.trace_id, replace(s.trace_id::text, '-', ''), s.span_id, lpad(to_hex(s.span_id), 16, '0'),
    s.service_name, s.span_name,
    left(s.attributes ->> 'gen_ai.operation.name', 200),
    left(coalesce(s.attributes ->> 'gen_ai.provider.name', s.attributes ->> 'gen_ai.system'), 200),
    left(coalesce(s.attributes ->> 'gen_ai.response.model', s.attributes ->> 'gen_ai.request.model'), 200),
    s.start_time,
    greatest((tracestore.unix_nano(s.end_time, s.end_nanos) - tracestore.unix_nano(s.start_time, s.start_nanos)) / 1e6::float8, 0),
    s.status_code IS NOT DISTINCT FROM 2,
    -- Senders decide about type and size of a value.
    CASE WHEN jsonb_typeof(s.input_tokens) = 'number' THEN least(greatest(s.input_tokens::numeric, 0), 1e15)::int8 END,
    CASE WHEN jsonb_typeof(s.output_tokens) = 'number' THEN least(greatest(s.output_tokens::numeric, 0), 1e15)::int8 END,
    CASE jsonb_typeof(s.finish_reasons)
      WHEN 'array' THEN ARRAY(
        SELECT left(reason.value, 100)
        FROM jsonb_array_elements_text(CASE jsonb_typeof(s.finish_reasons) WHEN 'array' THEN s.finish_reasons ELSE '[]' END)
          WITH ORDINALITY AS reason (value, place)
        WHERE reason.value IS NOT NULL
        ORDER BY reason.place
        LIMIT 20
      )
      WHEN 'string' THEN ARRAY[left(s.finish_reasons #>> '{}', 100)]
      ELSE ARRAY[]::text[]
    END
  FROM (
    SELECT
      span.*, calling.service_name, calling.span_name,
      coalesce(span.attributes -> 'gen_ai.usage.input_tokens', span.attributes -> 'gen_ai.usage.prompt_tokens') AS input_tokens,
      coalesce(span.attributes -> 'gen_ai.usage.output_tokens', span.attributes -> 'gen_ai.usage.completion_tokens') AS output_tokens,
      span.attributes -> 'gen_ai.response.finish_reasons' AS finish_reasons
    FROM calling
    CROSS JOIN LATERAL (
      -- Named, because a function depends on every column of a *, and a later table file could not drop it.
      SELECT
        of_operation.trace_id, of_operation.span_id, of_operation.start_time, of_operation.start_nanos,
        of_operation.end_time, of_operation.end_nanos, of_operation.status_code, of_operation.attributes
      FROM tracestore.span AS of_operation
      WHERE of_operation.operation_id = calling.id
        AND of_operation.start_time >= _start_time_min AND of_operation.start_time < _start_time_max
      -- Operation by operation.
      OFFSET 0
    ) AS span
    WHERE span.attributes ?| ARRAY['gen_ai.request.model', 'gen_ai.response.model']
      -- These spans contain calls of models, whose tokens they can repeat.
      AND coalesce(span.attributes ->> 'gen_ai.operation.name', '') NOT IN ('create_agent', 'execute_tool', 'invoke_agent', 'invoke_workflow')
  ) AS s;
END;
COMMENT ON FUNCTION ps_trace.gen_ai_call IS 'Calls of generative models that start from _start_time_min to before _start_time_max, one row each: spans with a gen_ai.request.model or gen_ai.response.model of OpenTelemetry''s conventions, without agents and tools, which contain such calls. An operation is read if one of its five newest spans in the range names a model. model is that of the response, or that of the request. Tokens are NULL if the sender gives none; older names of the attributes count too';
