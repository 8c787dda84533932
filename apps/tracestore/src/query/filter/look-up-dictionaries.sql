-- Returns one row about the dictionaries, for the plan of a search. `indexed_operations` says how many operations an index finds
-- faster than blocks do. Compressed chunks of TimescaleDB have no such index, but Bloom filters, which PostgreSQL tests once
-- for each operation.
-- :columns  see dictionary-columns.sql.
SELECT
  :columns,
  CASE
    WHEN relkind = 'p' THEN 16
    WHEN current_setting('timescaledb.enable_sparse_index_bloom', true) = 'on' THEN 2
    ELSE 0
  END AS indexed_operations
FROM pg_class
WHERE oid = 'tracestore.span'::regclass
