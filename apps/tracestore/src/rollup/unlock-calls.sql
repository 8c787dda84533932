-- Lets the next store count calls.
SELECT pg_advisory_unlock(hashtext('tracestore'), hashtext('calls'));
