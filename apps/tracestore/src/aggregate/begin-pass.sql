-- Chooses the spans of this run: a batch of new ones, up to the end of a transaction. Returns how many there are, whether these are
-- all, whether the database was restored from a dump, and up to where wider buckets are final, in seconds since 1970.
-- :'most_spans'  about how many spans to choose.
SELECT
  span_count::float8 AS "spanCount", is_last AS "isLast", restored,
  extract(epoch FROM rolled_5m)::float8 AS "rolled5m", extract(epoch FROM rolled_1h)::float8 AS "rolled1h"
FROM tracestore.begin_call_pass(:'most_spans');
