import pg, { type ClientBase } from 'pg';
import { readSql } from '../sql.js';

const findReaderLack = readSql(import.meta.url, 'find-reader-lack.sql');
const makeReaderRole = readSql(import.meta.url, 'reader-role.sql');

/** Statements of users run as this role. */
const reader = 'ps_trace_reader';

/** PostgreSQL 16 in `server_version_num`: since then SET is an option of a membership. */
const firstVersionWithSetOption = 160_000;

/** Why statements of users cannot run, or not with all settings. */
export interface ReaderLack {
  /** The missing privileges and settings: one or more sentences. */
  readonly message: string;
  /** A statement that corrects it. An administrator runs it in the database of the store. */
  readonly statement: string;
}

/** What `find-reader-lack.sql` returns. */
export interface ReaderState {
  readonly server_version: number;
  readonly database: string;
  readonly login: string;
  readonly role_exists: boolean;
  readonly may_set_role: boolean;
  readonly uses_schemas: boolean;
  readonly reads_views: boolean;
  readonly calls_functions: boolean;
  readonly changes_nothing: boolean;
  /** Functions that change something, with their arguments. */
  readonly changing_functions: readonly string[];
  readonly makes_temporary: boolean;
  readonly uses_plpgsql: boolean;
  readonly logs_in: boolean;
  readonly has_settings: boolean;
}

/**
 * Creates the role `ps_trace_reader` and grants its missing privileges, as far as the role of the session can.
 *
 * @param client inside of a transaction that no other store is in at the same time
 * @returns what is still missing; undefined when statements can run
 * @throws DatabaseError of pg
 */
export async function prepareReaderRole(client: ClientBase): Promise<ReaderLack | undefined> {
  const state = await readState(client);
  if (readerLackOf(state) === undefined && state.has_settings) return undefined;
  await client.query(makeReaderRole.bind());
  return readerLackOf(await readState(client));
}

/** What statements of users lack now; changes nothing. @throws DatabaseError of pg */
export async function findLackOfReader(client: ClientBase): Promise<ReaderLack | undefined> {
  return readerLackOf(await readState(client));
}

async function readState(client: ClientBase): Promise<ReaderState> {
  const { rows } = await client.query<ReaderState>(findReaderLack.bind());
  const state = rows[0];
  if (state === undefined) throw new Error('The check of the role ps_trace_reader returned no row');
  return state;
}

/** Says in words what a state lacks; undefined when statements can run. */
export function readerLackOf(state: ReaderState): ReaderLack | undefined {
  const lacks = lacksOf(state);
  if (lacks.length === 0) return undefined;
  const sentences = lacks.map(({ message }) => message);
  return {
    message: (lacks.some(({ isFatal }) => isFatal) ? ['The SQL page cannot be used', ...sentences] : sentences).join(
      '. ',
    ),
    statement: asOneStatement(lacks.flatMap(({ statements }) => statements)),
  };
}

interface Lack {
  readonly message: string;
  /** Whether no statement can run. */
  readonly isFatal: boolean;
  readonly statements: readonly string[];
}

function lacksOf(state: ReaderState): readonly Lack[] {
  const login = pg.escapeIdentifier(state.login);
  const database = pg.escapeIdentifier(state.database);
  if (!state.role_exists) {
    return [
      {
        message: `The role ${reader} does not exist, and role ${login} may not create it`,
        isFatal: true,
        statements: [`CREATE ROLE ${reader} NOLOGIN ROLE ${login}`],
      },
    ];
  }
  const withSet = state.server_version < firstVersionWithSetOption ? '' : ' WITH SET TRUE, INHERIT FALSE';
  const lacks: Lack[] = [];
  const require = (isThere: boolean, message: string, ...statements: readonly string[]): void => {
    if (!isThere) lacks.push({ message, isFatal: true, statements });
  };
  const advise = (isThere: boolean, message: string, ...statements: readonly string[]): void => {
    if (!isThere) lacks.push({ message, isFatal: false, statements });
  };
  require(state.may_set_role, `Role ${login} may not SET ROLE ${reader}`, `GRANT ${reader} TO ${login}${withSet}`);
  require(state.uses_schemas, `${reader} may not use the schemas ps_trace and _ps_trace`, `GRANT USAGE ON SCHEMA ps_trace, _ps_trace TO ${reader}`);
  require(state.reads_views, `${reader} may not read every view of ps_trace and _ps_trace`, `GRANT SELECT ON ALL TABLES IN SCHEMA ps_trace, _ps_trace TO ${reader}`);
  const close = `REVOKE EXECUTE ON FUNCTION ${state.changing_functions.join(', ')} FROM ${reader}`;
  require(state.calls_functions, `${reader} may not call every function of ps_trace`, `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ps_trace TO ${reader}`, close);
  advise(state.changes_nothing, `${reader} may delete traces or change their retention`, close);
  require(state.makes_temporary, `${reader} may not create temporary objects in database ${database}`, `GRANT TEMPORARY ON DATABASE ${database} TO ${reader}`);
  require(state.uses_plpgsql, `${reader} may not use the language plpgsql`, `GRANT USAGE ON LANGUAGE plpgsql TO ${reader}`);
  // Settings have an effect at a login alone.
  advise(
    state.has_settings || !state.logs_in,
    `${reader} logs in, and lacks the settings of its sessions`,
    `ALTER ROLE ${reader} IN DATABASE ${database} SET search_path = "$user", public, ps_trace`,
    `ALTER ROLE ${reader} IN DATABASE ${database} SET default_transaction_read_only = on`,
    `ALTER ROLE ${reader} IN DATABASE ${database} SET statement_timeout = '30s'`,
  );
  return lacks;
}

/** One statement that does what several do. */
function asOneStatement(statements: readonly string[]): string {
  const different = [...new Set(statements)];
  const [only] = different;
  if (different.length === 1 && only !== undefined) return `${only};`;
  const body = different.map((statement) => `${statement}; `).join('');
  // A name can contain dollar signs.
  let tag = '$mend$';
  while (body.includes(tag)) tag = `${tag.slice(0, -1)}_$`;
  return `DO ${tag} BEGIN ${body}END ${tag};`;
}
