-- The indexes by which the operations of a service and of a name are found. They are hash indexes because a name may be longer
-- than an entry of a B-tree.
-- admits: 0013
CREATE INDEX operation_by_service ON tracestore.operation USING hash (service_name);
CREATE INDEX operation_by_name ON tracestore.operation USING hash (span_name);
