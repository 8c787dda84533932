-- The next {{rows}} rows of declare-spans.sql.
FETCH {{rows}} FROM spans
