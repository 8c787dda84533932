-- What keeps the tables in shape: partitions ahead, what is beyond retention, compression, and dictionaries. Functions,
-- because names in DDL cannot be parameters. Each is called in a transaction of its own, by whom lock-lifecycle.sql lets
-- in, with a lock_timeout: what cannot have its lock at once is tried again later, and nobody waits behind it.

CREATE OR REPLACE VIEW tracestore.timed_table AS
SELECT name, time_column
FROM (
  VALUES ('link', 'span_start_time'), ('event', 'span_start_time'), ('span', 'start_time'), ('span_block', 'start_max'),
    ('call_10s', 'time_bucket'), ('call_5m', 'time_bucket'), ('call_1h', 'time_bucket'),
    ('service_call_10s', 'time_bucket'), ('service_call_5m', 'time_bucket'), ('service_call_1h', 'time_bucket')
) AS timed (name, time_column);
COMMENT ON VIEW tracestore.timed_table IS 'The tables that are kept by time, in the order in which they lose what is old';
