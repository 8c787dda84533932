-- The oldest start up to which find-newest.sql reads blocks.
-- :'start_min'  the first start of a span.

-- name: whole_range
:'start_min'::timestamptz
-- name: scanned
-- The planner does not know this value, and estimates that there are few blocks to read.
greatest(:'start_min'::timestamptz, (SELECT low_water_mark FROM scanned))
