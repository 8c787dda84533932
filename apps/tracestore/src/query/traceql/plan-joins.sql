-- Sets how the planner joins the relations of a query until the end of the transaction. It cannot estimate how many spans a
-- condition of TraceQL keeps, and would read a relation once for each of them.
SELECT set_config('enable_nestloop', 'off', true)
