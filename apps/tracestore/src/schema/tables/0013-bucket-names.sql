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
