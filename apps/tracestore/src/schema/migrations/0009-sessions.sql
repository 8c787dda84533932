-- Sessions of browsers that have signed in to the console with its token: all stores on a database share them.

CREATE TABLE tracestore.console_session (
  -- SHA-256 of the session's id, which only its browser has.
  id_digest bytea PRIMARY KEY,
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
