-- Begins a transaction in which all cursors see the same state of the database, so that no span comes without its events.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
