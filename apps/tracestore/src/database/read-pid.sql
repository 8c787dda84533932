-- Returns the id of the server process of the session.
SELECT pg_backend_pid() AS pid
