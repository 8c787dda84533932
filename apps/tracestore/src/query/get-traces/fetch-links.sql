-- The next rows of declare-links.sql, as many as the fragment :count says.
FETCH :count FROM links
