-- The trace retention that is configured and the one that SQL has set; and Promscale's types of tags.

CREATE TABLE tracestore.trace_retention (
  configured interval NOT NULL,
  requested  interval
);
CREATE UNIQUE INDEX trace_retention_is_one_row ON tracestore.trace_retention ((true));
INSERT INTO tracestore.trace_retention (configured) VALUES (interval '30 days');

CREATE DOMAIN ps_trace.tag_k AS text;
CREATE DOMAIN _ps_trace.tag_v AS jsonb;
CREATE DOMAIN ps_trace.tag_type AS int2;
