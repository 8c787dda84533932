-- Lets the next store in.
SELECT pg_advisory_unlock(hashtext('tracestore'), hashtext('lifecycle'));
