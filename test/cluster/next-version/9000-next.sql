-- What the next version of the cluster test adds. It takes longer than a startup probe would wait for a store that does not
-- answer.
-- admits: 0014
ALTER TABLE tracestore.span ADD COLUMN next text;
ALTER TABLE tracestore.resource ADD COLUMN next timestamptz;
SELECT pg_sleep(150);
