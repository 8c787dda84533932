-- Makes a partition; how many rows it took over from the default one, null where another store was faster.
SELECT tracestore.add_partition($1, $2, $3)::int4 AS moved;
