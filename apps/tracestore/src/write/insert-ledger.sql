-- Notes requests as stored. One that is noted already fails the transaction, which then stores nothing twice; so does an epoch
-- $2 in which the writer learned of the dictionaries' entries too long ago to rely on them.
INSERT INTO tracestore.ledger (digest) SELECT unnest($1::bytea[]) WHERE tracestore.require_epoch($2)
