-- The partitions or chunks of the table $1 that lose single rows, as what they hold was received at any time.
SELECT part::text AS part FROM tracestore.mixed_parts($1, $2) AS part;
