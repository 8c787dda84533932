import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { query, urlOf } from '@spandrel/embedded/postgres';
import { ownerUrlOf } from './database-owner.ts';

/** A new, empty database for one spec file. `drop` ends its connections. */
export interface FreshDatabase {
  /** The URL of the owner, a role with the rights that tracestore has under `npm start`: LOGIN and CREATEROLE. */
  readonly url: string;
  /** For the set-up by an administrator. Do not test with it what users do. */
  readonly superuserUrl: string;
  drop(): Promise<void>;
}

export interface FreshDatabaseOptions {
  /**
   * The owner. `shared`: one role for all spec files, which administers ps_trace_reader as its creator does. `other`: a new
   * role without CREATEROLE, on a server that already has ps_trace_reader.
   */
  readonly owner?: 'shared' | 'other';
  /** false: TimescaleDB is not used, even where the server has it. */
  readonly timescale?: boolean;
}

/** Only a superuser may create the extension. */
const addTimescale = `
  DO $$
  BEGIN
    IF current_setting('shared_preload_libraries') ~ '\\mtimescaledb\\M' THEN
      CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
  END
  $$`;

/**
 * Creates a database for one spec file. Requires `global-setup.ts` as the global setup of vitest.
 *
 * @throws Error when the test server is unavailable
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
