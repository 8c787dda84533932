-- For how many seconds traces, aggregates and the ledger are kept ($1 their names), when $2 seconds each are wanted and a
-- shorter retention waits $3 seconds; and which one waits.
SELECT wanted.name, applied.applied_s, applied.pending_s
FROM unnest($1::text[], $2::float8[]) AS wanted (name, seconds)
CROSS JOIN LATERAL tracestore.apply_retention(wanted.name, wanted.seconds, $3) AS applied;
