-- Notes that rows were added to figures which had been summed up: of the table $1, the buckets $2 in seconds since 1970.
INSERT INTO tracestore.late_call (table_name, time_bucket)
SELECT $1, to_timestamp(bucket) FROM unnest($2::float8[]) AS bucket;
