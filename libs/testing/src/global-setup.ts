import { ensureDatabaseOwner } from './database-owner.ts';
import { findPostgresForTests } from './postgres-for-tests.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of the superuser, for the set-up of the server. `createFreshDatabase` creates a database. */
    readonly superuserUrl: string;
  }
}

/**
 * Provides a PostgreSQL server for the tests: `TEST_DATABASE_URL`, or an embedded one in a temporary folder on a free port.
 * The projects of one run share it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, release } = await findPostgresForTests();
  await ensureDatabaseOwner(url);
  project.provide('superuserUrl', url);
  return release;
}
