-- Notes requests as stored. One that is noted already fails the transaction, which then stores nothing twice.
INSERT INTO tracestore.ledger (digest) SELECT unnest($1::bytea[])
