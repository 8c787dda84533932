-- Comments of the types in schema ps_trace and _ps_trace; tables/ creates the types.

COMMENT ON DOMAIN ps_trace.trace_id IS 'The 16 bytes of a trace id. Input is 32 hex digits, with or without dashes';
COMMENT ON DOMAIN ps_trace.tag_map IS 'Attributes: an object with one member per key. An int has no fraction, a double always has one (5 and 5.0). An empty value is null, bytes are {"bytesValue": base64}, NaN, the infinities and -0 are {"doubleValue": text}';
COMMENT ON TYPE ps_trace.span_kind IS 'unspecified, internal, server, client, producer or consumer. SPAN_KIND_SERVER and the like are equal to these, where ps_trace is in the search_path';
COMMENT ON TYPE ps_trace.status_code IS 'unset, ok or error. STATUS_CODE_ERROR and the like are equal to these, where ps_trace is in the search_path';
COMMENT ON DOMAIN ps_trace.tag_k IS 'The key of a tag';
COMMENT ON DOMAIN _ps_trace.tag_v IS 'The value of a tag';
COMMENT ON DOMAIN ps_trace.tag_type IS 'Where a tag is used, as a sum: 1 in spans, 2 in resources, 4 in events, 8 in links';
COMMENT ON TYPE tracestore.run IS 'An aggregation run: it aggregates the spans of transactions that seen_after sees and seen_before does not. With a slice it aggregates all spans of a range of time again';
