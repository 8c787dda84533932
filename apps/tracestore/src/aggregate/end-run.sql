-- Stores how far the run $1 has aggregated; $2: no new spans remain for another run.
SELECT tracestore.end_run($1, $2, now());
