-- Opens the transaction of a pass. The lock comes before the snapshot: what moves spans to another partition does so before
-- both or after the pass, which would else look for them where they are no more.
BEGIN ISOLATION LEVEL REPEATABLE READ;
LOCK TABLE ONLY tracestore.span IN ROW EXCLUSIVE MODE;
