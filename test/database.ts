import { findPostgresForTests } from './postgres-for-tests.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's URL of a server that tests may do anything to. Make your own database: `createFreshDatabase`. */
    readonly databaseUrl: string;
  }
}

/**
 * Gives the tests a PostgreSQL: `TEST_DATABASE_URL`, or an embedded one in a temporary folder on a free
 * port, which is gone afterwards. Several projects of one run share it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, release } = await findPostgresForTests();
  project.provide('databaseUrl', url);
  return release;
}
