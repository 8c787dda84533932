-- Who calls whom, how often, how long it takes, and how much of that is the callee's own work: figures of spans together
-- with their parents. A span and its parent come in any order, seconds or hours apart, so figures cannot be added when a
-- span is written. A pass of src/rollup adds what came since the last one, a little later;
-- docs/adr/0010-deferred-rollups.md says how each span counts exactly once.
--
-- Rows are only ever added: to read a figure is to sum over rows, some of which are corrections and have negative numbers.
-- Figures of 10 seconds are summed up to figures of 5 minutes and of an hour once these are over; call_state says how far.
-- What comes later is added to these too, and summed up with what is there once no more comes.

CREATE OR REPLACE FUNCTION tracestore.call_reach() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '2 hours';
COMMENT ON FUNCTION tracestore.call_reach IS 'A parent starts so long before or after its child at most; beyond, the child''s parent counts as not stored';
