-- Notes that a migration has been applied.
INSERT INTO tracestore.migration (name, checksum) VALUES ($1, $2);
