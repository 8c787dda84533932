-- Selects the spans of this run: at most $1, and the rest of the last transaction.
SELECT
  run::text, span_count::float8 AS "spanCount", is_last AS "isLast", restored,
  extract(epoch FROM rolled_5m)::float8 AS "rolled5m", extract(epoch FROM rolled_1h)::float8 AS "rolled1h"
FROM tracestore.begin_run($1);
