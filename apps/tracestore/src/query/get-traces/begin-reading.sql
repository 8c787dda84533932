-- One state of the database for all cursors, so that no span comes without its events.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
