-- Returns the clock of the database in seconds since 1970, and the epoch of its dictionaries.
SELECT extract(epoch FROM tracestore.database_time())::float8 AS seconds, epoch::float8 AS epoch FROM tracestore.lifecycle_time;
