-- Lets one store at a time count calls; false when another does.
SELECT pg_try_advisory_lock(hashtext('tracestore'), hashtext('calls')) AS locked;
