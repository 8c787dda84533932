-- Deletes a batch of the rows of a dictionary that no writer has used for a while, and returns how many.
-- :'table'   the dictionary.
-- :'kept_s'  how long rows are kept after their last use, in seconds.
-- :'limit'   how many rows to delete.
SELECT tracestore.forget_entries(:'table', :'kept_s', :'limit')::int4 AS count;
