-- Returns the next spans of the cursor import_spans.
-- :count  how many.
FETCH FORWARD :count FROM import_spans
