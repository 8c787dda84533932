-- Adds operations that the writer does not know to be stored, and marks those that are as in use: unused rows are deleted after a while.
-- The rows come sorted by id, so that two writers cannot deadlock. Each value is an array with an element for each operation.
-- :'ids'            the ids.
-- :'service_names'  the services.
-- :'span_kinds'     the kinds of spans.
-- :'span_names'     the names of spans.
INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
SELECT * FROM unnest(
  :'ids'::int8[], :'service_names'::text[], :'span_kinds'::int4[], :'span_names'::text[]
)
ON CONFLICT (id) DO UPDATE SET last_seen = tracestore.database_time()
WHERE operation.last_seen NOT BETWEEN tracestore.database_time() - interval '1 hour' AND tracestore.database_time()
  -- Once a day of observed time, whatever the clock says.
  OR pg_current_xact_id()::text::int8 - age(operation.xmin) < (SELECT tracestore.receipt_cutoff(86400));
