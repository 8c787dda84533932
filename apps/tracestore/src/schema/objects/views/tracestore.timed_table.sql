
CREATE OR REPLACE VIEW tracestore.timed_table AS
SELECT name, time_column
FROM (
  VALUES ('link', 'span_start_time'), ('event', 'span_start_time'), ('span', 'start_time'), ('span_block', 'start_max'),
    ('call_10s', 'time_bucket'), ('call_5m', 'time_bucket'), ('call_1h', 'time_bucket'),
    ('service_call_10s', 'time_bucket'), ('service_call_5m', 'time_bucket'), ('service_call_1h', 'time_bucket')
) AS timed (name, time_column);
COMMENT ON VIEW tracestore.timed_table IS 'The tables that are stored by time, in the order in which they lose expired rows';
