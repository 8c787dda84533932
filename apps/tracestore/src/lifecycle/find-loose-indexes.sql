-- Returns the btree indexes of old partitions that have not been packed, oldest first.
-- :'older_s'  partitions that ended more than this long ago, in seconds.
SELECT c.relname AS index
FROM tracestore.partition p
JOIN pg_index i ON i.indrelid = p.partition
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
WHERE upper(p.time_range) <= tracestore.database_time() - make_interval(secs => :'older_s')
  AND c.relnamespace = 'tracestore'::regnamespace
  AND i.indisvalid AND NOT 'fillfactor=100' = ANY (coalesce(c.reloptions, '{}'))
ORDER BY upper(p.time_range), c.relname;
