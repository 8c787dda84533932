-- Lets one store at a time keep the tables in shape; false when another does.
SELECT pg_try_advisory_lock(hashtext('tracestore'), hashtext('lifecycle')) AS locked;
