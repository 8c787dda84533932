-- Applies retentions, and returns which one is in force for each kind of data, and which shorter one waits, in seconds.
-- :'names'    traces, aggregates or ledger.
-- :'seconds'  the retention that is wanted, for each name.
-- :'wait_s'   how long a shorter retention waits.
SELECT wanted.name, applied.applied_s, applied.pending_s
FROM unnest(:'names'::text[], :'seconds'::float8[]) AS wanted (name, seconds)
CROSS JOIN LATERAL tracestore.apply_retention(wanted.name, wanted.seconds, :'wait_s') AS applied;
