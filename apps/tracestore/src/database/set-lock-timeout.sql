-- Bounds the waits for locks of the session.
SET lock_timeout = '5s'
