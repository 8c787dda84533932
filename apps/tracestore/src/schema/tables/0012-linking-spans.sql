-- The index by which the console finds the spans that link to a span. A link costs one more entry; most spans have no link.
CREATE INDEX link_by_linked_span ON tracestore.link (linked_trace_id, linked_span_id);
