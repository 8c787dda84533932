-- Adds TimescaleDB to this database, which the owner of a database may do.
CREATE EXTENSION IF NOT EXISTS timescaledb;
