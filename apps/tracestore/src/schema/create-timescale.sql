-- Creates the extension TimescaleDB; the owner of a database can do so.
CREATE EXTENSION IF NOT EXISTS timescaledb;
