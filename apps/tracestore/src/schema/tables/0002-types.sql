-- The types of the columns that users read.

CREATE DOMAIN ps_trace.trace_id AS uuid;
CREATE DOMAIN ps_trace.tag_map AS jsonb;

-- Promscale once used OTLP's names for kinds and status codes, and old queries still have them. So the types accept both
-- spellings, and the operators in objects/operators make them equal. The views return the new spelling only.
CREATE TYPE ps_trace.span_kind AS ENUM (
  'unspecified', 'internal', 'server', 'client', 'producer', 'consumer',
  'SPAN_KIND_UNSPECIFIED', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER'
);
CREATE TYPE ps_trace.status_code AS ENUM (
  'unset', 'ok', 'error', 'STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'
);
