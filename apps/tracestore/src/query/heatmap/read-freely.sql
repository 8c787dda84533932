-- Sets whether the planner may read a range of spans or aggregates by an index of times, which other queries must not use:
-- prepare-session.sql says why. It ends with the transaction.
-- :'setting'  on or off.
SELECT set_config('enable_bitmapscan', :'setting', true)
