-- Creates a partition of a table. moved is the number of rows from the default partition; NULL where another store has
-- created it.
-- :'table'  the table.
-- :'start'  the start of the range.
-- :'end'    the end of the range, exclusive.
SELECT tracestore.add_partition(:'table', :'start', :'end')::int4 AS moved;
