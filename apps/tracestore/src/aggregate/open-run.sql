-- Opens the transaction of a run. The lock precedes the snapshot: a transaction that moves spans to another partition then
-- commits before both, or waits for the run. Otherwise the run could look for spans where they no longer are.
BEGIN ISOLATION LEVEL REPEATABLE READ;
LOCK TABLE ONLY tracestore.span IN ROW EXCLUSIVE MODE;
