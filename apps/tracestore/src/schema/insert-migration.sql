-- Records that the table file $1 with the checksum $2 was applied.
INSERT INTO tracestore.migration (name, checksum) VALUES ($1, $2);
