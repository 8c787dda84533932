-- Advances observed time by what the store $1 measured since it last did so, $2 seconds, or by the database's clock if that
-- went ahead by at most $3 seconds more; by how much it did if it was more. Nothing is kept longer than $4 seconds.
SELECT tracestore.observe_time($1, $2, $3, $4) AS gap_s;
