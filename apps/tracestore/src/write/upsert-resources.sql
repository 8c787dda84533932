-- Adds resources that the writer does not know to be stored, and marks those that are as in use: unused rows are deleted after a while.
-- The rows come sorted by id, so that two writers cannot deadlock. Each value is an array with an element for each resource.
-- :'ids'                        the ids.
-- :'service_names'              the services.
-- :'attributes'                 the attributes as jsonb.
-- :'dropped_attributes_counts'  how many attributes the sender dropped.
-- :'schema_urls'                the schema URLs.
-- :'entity_refs'                the entity references as jsonb.
INSERT INTO tracestore.resource (id, service_name, attributes, dropped_attributes_count, schema_url, entity_refs)
SELECT * FROM unnest(
  :'ids'::int8[], :'service_names'::text[], :'attributes'::jsonb[], :'dropped_attributes_counts'::int4[],
  :'schema_urls'::text[], :'entity_refs'::jsonb[]
)
ON CONFLICT (id) DO UPDATE SET last_seen = tracestore.database_time()
WHERE resource.last_seen NOT BETWEEN tracestore.database_time() - interval '1 hour' AND tracestore.database_time()
  -- Once a day of observed time, whatever the clock says.
  OR pg_current_xact_id()::text::int8 - age(resource.xmin) < (SELECT tracestore.receipt_cutoff(86400));
