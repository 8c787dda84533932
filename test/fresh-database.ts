import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { query } from '../stack/postgres.ts';

/** A new, empty database for one spec file. `url` is the superuser's; `drop` ends what is still connected. */
export interface FreshDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * Creates a database of its own for whoever asks. Needs `test/database.ts` as global setup.
 *
 * @throws Error when the test server is away
 */
export async function createFreshDatabase(): Promise<FreshDatabase> {
  const serverUrl = inject('databaseUrl');
  const name = `spec_${randomBytes(6).toString('hex')}`;
  await query(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await query(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}
