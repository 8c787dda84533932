-- How much space does the database take, in bytes?
SELECT pg_database_size(current_database())::float8 AS bytes
