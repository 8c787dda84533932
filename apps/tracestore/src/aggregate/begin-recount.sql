-- Chooses the slice of time that this run counts again; no row if there is none.
SELECT
  start_from AS "startFrom",
  extract(epoch FROM rolled_5m)::float8 AS "rolled5m", extract(epoch FROM rolled_1h)::float8 AS "rolled1h"
FROM tracestore.begin_recount();
