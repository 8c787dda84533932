-- Sets how the planner reads and joins the relations of a query until the end of the transaction. It cannot estimate how many spans
-- a condition of TraceQL keeps, and would read a relation once for each of them.
-- :'bitmap_scans'  on or off: whether it may read a range of spans by an index of times. prepare-session.sql says why other queries
--                  must not.
SELECT set_config('enable_nestloop', 'off', true), set_config('enable_bitmapscan', :'bitmap_scans', true)
