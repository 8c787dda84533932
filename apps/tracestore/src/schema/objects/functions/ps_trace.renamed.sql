CREATE OR REPLACE FUNCTION ps_trace.renamed(p_kind ps_trace.span_kind) RETURNS ps_trace.span_kind
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_kind
  WHEN 'SPAN_KIND_UNSPECIFIED' THEN 'unspecified' WHEN 'SPAN_KIND_INTERNAL' THEN 'internal'
  WHEN 'SPAN_KIND_SERVER' THEN 'server' WHEN 'SPAN_KIND_CLIENT' THEN 'client'
  WHEN 'SPAN_KIND_PRODUCER' THEN 'producer' WHEN 'SPAN_KIND_CONSUMER' THEN 'consumer'
  ELSE p_kind
END;
COMMENT ON FUNCTION ps_trace.renamed(ps_trace.span_kind) IS 'The kind in the new spelling';

CREATE OR REPLACE FUNCTION ps_trace.renamed(p_code ps_trace.status_code) RETURNS ps_trace.status_code
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_code
  WHEN 'STATUS_CODE_UNSET' THEN 'unset' WHEN 'STATUS_CODE_OK' THEN 'ok' WHEN 'STATUS_CODE_ERROR' THEN 'error'
  ELSE p_code
END;
COMMENT ON FUNCTION ps_trace.renamed(ps_trace.status_code) IS 'The status code in the new spelling';
