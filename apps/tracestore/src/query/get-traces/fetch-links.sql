-- The next {{rows}} rows of declare-links.sql.
FETCH {{rows}} FROM links
