import { inject } from 'vitest';
import { ports } from '@spandrel/service/ports';
import { type ChildStack, startChildStack } from '@spandrel/testing/child-stack';
import type { PortName } from '../stack/ports.ts';
import { Release } from './cluster/release.ts';

/** A running stack, embedded or in a cluster. */
export type StackUnderTest = Pick<ChildStack, 'url' | 'databaseUrl' | 'stop'>;

/**
 * Starts the stack of an end-to-end test: the release in a cluster, where the run has one, otherwise a new embedded stack.
 *
 * @param called the services that the test calls
 */
export async function startStackUnderTest(called: readonly Exclude<PortName, 'database'>[]): Promise<StackUnderTest> {
  const address = inject('release');
  if (address === undefined) return startChildStack({ options: ['--no-load', '--no-faults'] });
  const release = new Release(address);
  const database = await release.forward('database', 5432);
  const forwards = new Map(
    await Promise.all(called.map(async (name) => [name, await release.forward(name, ports[name])] as const)),
  );
  return {
    url: (name) => `http://127.0.0.1:${forwards.get(name as (typeof called)[number])?.port}`,
    databaseUrl: `postgres://tracestore:${await release.databasePassword('tracestore')}@127.0.0.1:${database.port}/postgres`,
    stop: async () => {
      for (const { close } of [database, ...forwards.values()]) close();
    },
  };
}
