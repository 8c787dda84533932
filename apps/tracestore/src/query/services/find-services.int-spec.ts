import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { findServices } from './find-services.js';

let fresh: FreshDatabase;
let store: QueryStore;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

it('findServices returns each service once, ordered by name', async () => {
  expect(await findServices(store.database)).toEqual([]);
  const long = 'x'.repeat(10_000);
  for (const service of ['b', 'Z', 'a', "a'b", 'ä', long]) {
    await store.send(requestOf([goodSpan(), goodSpan({ name: 'other' })], service));
  }
  expect(await findServices(store.database)).toEqual(['Z', 'a', "a'b", 'b', long, 'ä']);
});
