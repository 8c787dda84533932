-- Ends what a connection's server process is doing.
SELECT pg_cancel_backend($1)
