import pg from 'pg';

/** The database is away, or not yet what this build needs. The caller may try again. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}

/** The database is reachable, and its schema is not yet that of this build. */
export class SchemaNotReadyError extends DatabaseUnavailableError {
  /** @param code `migrating`: this process applies it. `migration-missing`: another process has to */
  constructor(
    readonly code: 'migrating' | 'migration-missing',
    message: string,
  ) {
    super(message);
  }
}

/** This build cannot work with the database as it is: another try fails the same way. */
export class UnsuitableDatabaseError extends Error {}

/** What a failure of the database means for the caller. */
export type DatabaseFailure =
  /** No connection, or a database that isn't ours yet: nothing will work until that has changed. */
  | 'away'
  /** This attempt was stopped, another may work: a deadlock, a time-out, a full disk. */
  | 'transient'
  /** The values were refused, by the server or because of a bug here. A retry with the same values fails too. */
  | 'refused';

/** SQLSTATE classes of errors that the values of a statement cause: cardinality, data, constraints, program limits. */
const refusedClasses: ReadonlySet<string> = new Set(['21', '22', '23', '54']);

/**
 * SQLSTATE classes of errors that persist until the server or its set-up changes: no connection, no such database, wrong
 * password, missing schema or table or right, server shutting down (57P01 to 57P05).
 */
const awayClasses: ReadonlySet<string> = new Set(['08', '28', '3D', '3F', '42']);

/**
 * Sorts a failure of a query or of a connection by what to do about it. A failure that the data
 * may not have caused is worth a retry: a client that retries loses nothing.
 */
export function classifyFailure(error: unknown): DatabaseFailure {
  if (error instanceof TypeError || error instanceof RangeError) return 'refused';
  // Other errors without SQLSTATE are the connection's.
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return 'away';
  const sqlStateClass = error.code.slice(0, 2);
  if (refusedClasses.has(sqlStateClass)) return 'refused';
  return awayClasses.has(sqlStateClass) || error.code.startsWith('57P') ? 'away' : 'transient';
}

/** The kind of a database problem, for clients and operators. It names no host, role, table or value. */
export interface DatabaseProblem {
  /** Stable and machine-readable, in kebab-case. */
  readonly code: string;
  /** A sentence without its full stop. */
  readonly message: string;
}

const problems = {
  diskFull: { code: 'disk-full', message: 'The database is out of disk space' },
  outOfMemory: { code: 'out-of-memory', message: 'The database is out of memory' },
  tooManyConnections: { code: 'too-many-connections', message: 'The database has no free connection' },
  lockTimeout: { code: 'lock-timeout', message: 'A lock in the database was not free in time' },
  statementTimeout: { code: 'statement-timeout', message: 'The database took too long' },
  conflict: { code: 'conflict', message: 'The transaction conflicted with another one' },
  readOnly: { code: 'read-only', message: 'The database is read-only: a standby, or set to be' },
  inputOutput: { code: 'io-error', message: 'The database has input or output errors' },
  starting: { code: 'starting-or-stopping', message: 'The database is starting up or shutting down' },
  signIn: { code: 'sign-in', message: 'The database refuses the role or its password' },
  missing: { code: 'missing', message: 'The database, or a table of tracestore in it, does not exist' },
  noRight: { code: 'no-right', message: 'The role of tracestore lacks a right in the database' },
  refused: { code: 'connection-refused', message: 'The database is not available: it refuses connections' },
  unknownHost: { code: 'unknown-host', message: 'The database is not available: its host name is not known' },
  unreachable: { code: 'no-answer', message: 'The database is not available: it does not answer' },
  broken: { code: 'connection-lost', message: 'The database is not available: the connection broke' },
  other: { code: 'other', message: 'The database is not available' },
} as const satisfies Record<string, DatabaseProblem>;

/** By SQLSTATE, or the class of it (PostgreSQL manual, appendix A). */
const problemsBySqlState: Readonly<Record<string, DatabaseProblem>> = {
  '53100': problems.diskFull,
  '53200': problems.outOfMemory,
  '53300': problems.tooManyConnections,
  '55P03': problems.lockTimeout,
  '57014': problems.statementTimeout,
  '40001': problems.conflict,
  '40P01': problems.conflict,
  '25006': problems.readOnly,
  '57P01': problems.starting,
  '57P02': problems.starting,
  '57P03': problems.starting,
  '42501': problems.noRight,
  '08': problems.broken,
  '28': problems.signIn,
  '3D': problems.missing,
  '3F': problems.missing,
  '42P01': problems.missing,
  '42703': problems.missing,
  '42883': problems.missing,
  '58': problems.inputOutput,
};

/** By the code of a system error. */
const problemsBySystemCode: Readonly<Record<string, DatabaseProblem>> = {
  ECONNREFUSED: problems.refused,
  ENOENT: problems.refused,
  ENOTFOUND: problems.unknownHost,
  EAI_AGAIN: problems.unknownHost,
  ETIMEDOUT: problems.unreachable,
  EHOSTUNREACH: problems.unreachable,
  ENETUNREACH: problems.unreachable,
  ECONNRESET: problems.broken,
  EPIPE: problems.broken,
};

/** Names the kind of a failure of a query or of a connection; looks for it in the causes of the error, too. */
export function problemOf(error: unknown): DatabaseProblem {
  for (let each = error; each instanceof Error; each = each.cause) {
    const problem = ownProblemOf(each);
    if (problem !== undefined) return problem;
  }
  return problems.other;
}

function ownProblemOf(error: Error): DatabaseProblem | undefined {
  const { message } = error;
  if (error instanceof SchemaNotReadyError) return { code: error.code, message };
  // A pooler before the database says it in its own words.
  if (/no more connections allowed|too many (?:clients|connections)/i.test(message)) return problems.tooManyConnections;
  if (/no space left on device/i.test(message)) return problems.diskFull;
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    return problemsBySqlState[error.code] ?? problemsBySqlState[error.code.slice(0, 2)];
  }
  const code = 'code' in error ? String(error.code) : '';
  const bySystemCode = problemsBySystemCode[code];
  if (bySystemCode !== undefined) return bySystemCode;
  if (error instanceof AggregateError) return error.errors.map(problemOf)[0];
  if (/timeout/i.test(message)) return problems.unreachable;
  return /connection terminated/i.test(message) ? problems.broken : undefined;
}
