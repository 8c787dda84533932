-- Notes what this pass has counted; $1: nothing that is new is left for another one.
SELECT tracestore.end_call_pass($1, now());
