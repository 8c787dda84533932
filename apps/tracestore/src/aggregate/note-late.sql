-- Notes that rows were added to aggregates after they had been summed up.
-- :'table'            the table.
-- :'buckets_seconds'  the starts of the buckets, in seconds since 1970.
INSERT INTO tracestore.late_call (table_name, time_bucket)
SELECT :'table', to_timestamp(bucket) FROM unnest(:'buckets_seconds'::float8[]) AS bucket;
