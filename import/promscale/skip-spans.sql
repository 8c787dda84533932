-- Skips spans of the cursor import_spans.
-- :count  how many.
MOVE FORWARD :count IN import_spans
