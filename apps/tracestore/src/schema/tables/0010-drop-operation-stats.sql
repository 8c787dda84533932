-- Drops the aggregates that every write transaction added to: no query read them. A database that has never had them is left
-- as it is. The aggregates call_10s, call_5m and call_1h hold the same numbers, by parent operation, a few seconds later.

DROP VIEW IF EXISTS tracestore.operation_rollup, tracestore.operation_duration;
DROP TABLE IF EXISTS tracestore.operation_delta, tracestore.operation_stats;
