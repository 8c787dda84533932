import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { findOperations } from './find-operations.js';

let fresh: FreshDatabase;
let store: QueryStore;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
  await store.send(
    requestOf(
      [goodSpan({ name: 'b', kind: 2 }), goodSpan({ name: 'a', kind: 3 }), goodSpan({ name: 'a', kind: 2 })],
      'shop',
    ),
    // 0, and a kind that OTLP does not know.
    requestOf([goodSpan({ name: "a' OR 1=1 --", kind: 0 }), goodSpan({ name: "a' OR 1=1 --", kind: 9 as 0 })], 'other'),
  );
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

it('findOperations returns the operations of a service, of a kind, or all', async () => {
  const shop = [
    { serviceName: 'shop', spanName: 'a', spanKind: 'server' },
    { serviceName: 'shop', spanName: 'a', spanKind: 'client' },
    { serviceName: 'shop', spanName: 'b', spanKind: 'server' },
  ];
  const other = { serviceName: 'other', spanName: "a' OR 1=1 --", spanKind: 'unspecified' };
  expect(await findOperations(store.database, { serviceName: 'shop' })).toEqual(shop);
  expect(await findOperations(store.database, { serviceName: 'shop', spanKind: 'client' })).toEqual([shop[1]]);
  expect(await findOperations(store.database, { spanKind: 'unspecified' })).toEqual([other]);
  expect(await findOperations(store.database, {})).toEqual([other, ...shop]);
  expect(await findOperations(store.database, { serviceName: "shop' OR '1'='1" })).toEqual([]);
});
