import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { query, urlOf } from '../stack/postgres.ts';
import { ownerUrlOf } from './database-owner.ts';

/** A new, empty database for one spec file. `drop` ends what is still connected. */
export interface FreshDatabase {
  /** The URL of its owner, a role like the one that `npm start` makes for tracestore: LOGIN CREATEROLE, no superuser. */
  readonly url: string;
  /** For set-up that an administrator does. Users have no such rights: nothing that they do is tested with it. */
  readonly superuserUrl: string;
  drop(): Promise<void>;
}

export interface FreshDatabaseOptions {
  /**
   * Whose the database is. `shared`: one role for all spec files, which made ps_trace_reader, so that it may administer that
   * role. `other`: a role of its own, which may not create roles, and found ps_trace_reader on the server.
   */
  readonly owner?: 'shared' | 'other';
  /** false: TimescaleDB is not added where the server has it. */
  readonly timescale?: boolean;
}

/** As an administrator does where tracestore may not: only a superuser may create it. */
const addTimescale = `
  DO $$
  BEGIN
    IF current_setting('shared_preload_libraries') ~ '\\mtimescaledb\\M' THEN
      CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
  END
  $$`;

/**
 * Creates a database for one spec file. Needs `test/database.ts` as global setup.
 *
 * @throws Error when the test server is away
 */
export async function createFreshDatabase({
  owner = 'shared',
  timescale = true,
}: FreshDatabaseOptions = {}): Promise<FreshDatabase> {
  const serverUrl = inject('superuserUrl');
  const name = `spec_${randomBytes(6).toString('hex')}`;
  const ownerUrl = owner === 'shared' ? ownerUrlOf(serverUrl) : await createOtherOwner(serverUrl, name);
  const { username, password } = new URL(ownerUrl);
  await query(serverUrl, `CREATE DATABASE ${name} OWNER ${username}`);
  const superuser = new URL(serverUrl);
  superuser.pathname = `/${name}`;
  if (timescale) await query(superuser.href, addTimescale);
  return {
    url: urlOf(serverUrl, username, password, name),
    superuserUrl: superuser.href,
    drop: async () => {
      await query(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
      if (owner === 'other') await query(serverUrl, `DROP ROLE ${username}`);
    },
  };
}

async function createOtherOwner(serverUrl: string, role: string): Promise<string> {
  const password = randomBytes(16).toString('hex');
  await query(serverUrl, `CREATE ROLE ${role} LOGIN NOCREATEROLE PASSWORD '${password}'`);
  return urlOf(serverUrl, role, password, 'postgres');
}
