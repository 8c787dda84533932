-- What is the new spelling of a kind?
SELECT ps_trace.renamed('SPAN_KIND_SERVER'::ps_trace.span_kind);
