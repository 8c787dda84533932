-- What is a kind called now?
SELECT ps_trace.renamed('SPAN_KIND_SERVER'::ps_trace.span_kind);
