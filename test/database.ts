import { ensureDatabaseOwner } from './database-owner.ts';
import { findPostgresForTests } from './postgres-for-tests.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** For set-up alone, on a server that tests may do anything to. `createFreshDatabase` makes a database. */
    readonly superuserUrl: string;
  }
}

/**
 * Gives the tests a PostgreSQL: `TEST_DATABASE_URL`, or an embedded one in a temporary folder on a free
 * port, which is gone afterwards. Several projects of one run share it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, release } = await findPostgresForTests();
  await ensureDatabaseOwner(url);
  project.provide('superuserUrl', url);
  return release;
}
