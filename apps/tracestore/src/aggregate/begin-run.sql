-- Selects the spans of this run. Returns the run, how many spans it has, whether no new ones remain, whether the database was
-- restored from a dump, and up to where wider buckets are final, in seconds since 1970.
-- :'most_spans'  how many spans to select; the rest of the last transaction comes on top.
SELECT
  run::text, span_count::float8 AS "spanCount", is_last AS "isLast", restored,
  extract(epoch FROM rolled_5m)::float8 AS "rolled5m", extract(epoch FROM rolled_1h)::float8 AS "rolled1h"
FROM tracestore.begin_run(:'most_spans');
