-- Names the columns of aggregates by what they hold: buckets of durations, as in OpenTelemetry's exponential histograms.
ALTER TABLE tracestore.call_10s RENAME COLUMN duration_class TO duration_bucket;
ALTER TABLE tracestore.call_10s RENAME COLUMN self_class TO self_bucket;
ALTER TABLE tracestore.call_5m RENAME COLUMN duration_class TO duration_bucket;
ALTER TABLE tracestore.call_5m RENAME COLUMN self_class TO self_bucket;
ALTER TABLE tracestore.call_1h RENAME COLUMN duration_class TO duration_bucket;
ALTER TABLE tracestore.call_1h RENAME COLUMN self_class TO self_bucket;
ALTER TABLE tracestore.service_call_10s RENAME COLUMN duration_class TO duration_bucket;
ALTER TABLE tracestore.service_call_10s RENAME COLUMN self_class TO self_bucket;
ALTER TABLE tracestore.service_call_5m RENAME COLUMN duration_class TO duration_bucket;
ALTER TABLE tracestore.service_call_5m RENAME COLUMN self_class TO self_bucket;
ALTER TABLE tracestore.service_call_1h RENAME COLUMN duration_class TO duration_bucket;
ALTER TABLE tracestore.service_call_1h RENAME COLUMN self_class TO self_bucket;

-- The functions with the earlier name of a bucket, from builds before objects/.
DROP FUNCTION IF EXISTS ps_trace.class_percentile(float8, int2[], int8[]), ps_trace.class_ms(int4);
