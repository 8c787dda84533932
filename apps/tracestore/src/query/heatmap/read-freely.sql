-- Lets the planner read a range of spans, blocks or aggregates by an index of times, which other queries must not use:
-- prepare-session.sql says why. It ends with the transaction.
SELECT set_config('enable_bitmapscan', 'on', true)
