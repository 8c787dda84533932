-- The next portion of declare-links.sql.
FETCH 500 FROM links
