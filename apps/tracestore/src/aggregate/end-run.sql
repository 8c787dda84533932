-- Stores how far a run has aggregated.
-- :'run'      the run.
-- :'is_last'  whether no new spans remain for another run.
SELECT tracestore.end_run(:'run', :'is_last', now());
