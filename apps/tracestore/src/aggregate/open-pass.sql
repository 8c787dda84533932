-- Begins the transaction of a run. The lock comes before the snapshot: a statement that moves spans to another partition runs
-- before both or after the run, which would otherwise miss these spans.
BEGIN ISOLATION LEVEL REPEATABLE READ;
LOCK TABLE ONLY tracestore.span IN ROW EXCLUSIVE MODE;
