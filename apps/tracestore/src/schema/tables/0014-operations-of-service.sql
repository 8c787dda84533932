-- The index by which the operations of a service are found. It is a hash index because a name may be longer than an entry of
-- a B-tree.
CREATE INDEX operation_by_service ON tracestore.operation USING hash (service_name);
