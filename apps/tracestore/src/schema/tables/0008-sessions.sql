-- Sessions of browsers that have signed in to the console. All stores on a database share them.

CREATE TABLE tracestore.console_session (
  -- SHA-256 of the session's id. Only the browser has the id.
  id_digest bytea PRIMARY KEY,
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
