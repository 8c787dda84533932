import pg from 'pg';

/** The database is away, or not yet what this build needs. Whoever asked may ask again. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}

/** What a failure of the database means for whoever waits for an answer. */
export type DatabaseFailure =
  /** No connection, or a database that isn't ours yet: nothing will work until that has changed. */
  | 'away'
  /** This attempt was stopped, another may work: a deadlock, a time-out, a full disk. */
  | 'transient'
  /** The values were refused, by the server or by a fault of ours: the same ones will be refused again. */
  | 'refused';

/** SQLSTATE classes that blame the statement's values: cardinality, data, constraints, program limits. */
const refusedClasses: ReadonlySet<string> = new Set(['21', '22', '23', '54']);

/**
 * SQLSTATE classes after which nothing works until something has changed: no connection, no such database, wrong
 * password, missing schema or table or right, server shutting down (57P01 to 57P05).
 */
const awayClasses: ReadonlySet<string> = new Set(['08', '28', '3D', '3F', '42']);

/**
 * Sorts a failure of a query or of a connection by what to do about it. What isn't known to be the data's fault counts
 * as worth another try: a client that is told to try again loses nothing.
 */
export function classifyFailure(error: unknown): DatabaseFailure {
  if (error instanceof TypeError || error instanceof RangeError) return 'refused';
  // Other errors without SQLSTATE are the connection's.
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return 'away';
  const sqlStateClass = error.code.slice(0, 2);
  if (refusedClasses.has(sqlStateClass)) return 'refused';
  return awayClasses.has(sqlStateClass) || error.code.startsWith('57P') ? 'away' : 'transient';
}
