-- Undoes what came after `begin-folding.sql`, so that the transaction goes on after an error.
ROLLBACK TO SAVEPOINT folding
