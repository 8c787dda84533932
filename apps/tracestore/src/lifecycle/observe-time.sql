-- Advances observed time, and returns the gap in seconds if the clock of the database went ahead by more than is counted.
-- :'store'          the store that observes.
-- :'elapsed_s'      the seconds that it measured since it last did so.
-- :'tolerance_s'    how far ahead the clock of the database may go and count.
-- :'longest_kept_s' how long marks of observed time are kept.
SELECT tracestore.observe_time(:'store', :'elapsed_s', :'tolerance_s', :'longest_kept_s') AS gap_s;
