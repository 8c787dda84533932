-- Drops the partition or chunk $2 of the table $1, unless it holds something that was received within $3 seconds; whether it did.
SELECT tracestore.drop_part($1, $2::regclass, $3) AS dropped;
