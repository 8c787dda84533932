-- Gives the applied migration $1 the name $2 and the checksum $3 that its table file has now.
UPDATE tracestore.migration SET name = $2, checksum = $3 WHERE name = $1;
