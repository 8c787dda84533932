-- The partitions or chunks of the table $1 whose time is more than $2 seconds ago, oldest first.
SELECT part::text AS part FROM tracestore.expired_parts($1, $2);
