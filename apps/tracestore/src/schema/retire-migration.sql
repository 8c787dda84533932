-- Removes the applied migration $1, which has no table file now.
DELETE FROM tracestore.migration WHERE name = $1;
