-- Creates the partition of the table $1 from $2 to $3. moved is the number of rows from the default partition; NULL where
-- another store has created it.
SELECT tracestore.add_partition($1, $2, $3)::int4 AS moved;
