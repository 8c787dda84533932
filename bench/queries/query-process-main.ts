import path from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import type { BenchDatabase } from '../write/bench-database.ts';
import type { QueryOrder, QueryProcessPlan, QueryReport, ReadyReport } from './query-process.ts';

type AsksModule = typeof import('./asks.ts');
type LoadedStore = typeof import('./loaded-store.ts');
type Panels = typeof import('./panels.ts');
type ReadModelModule = typeof import('./read-model.ts');

const { root, databaseUrl, spans, asks } = JSON.parse(process.argv[2] ?? '') as QueryProcessPlan;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Loads a module of the benchmark of that checkout. */
function load<Module>(name: string): Promise<Module> {
  return import(path.join(root, 'bench/queries', `${name}.ts`)) as Promise<Module>;
}

const client = new Client(databaseUrl);
await client.connect();
const database: BenchDatabase = {
  url: databaseUrl,
  serverPid: undefined,
  query: async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(sql, [...values])).rows,
  stop: () => client.end(),
};

const { loadSpans } = await load<LoadedStore>('loaded-store');
const { openReadModel } = await load<ReadModelModule>('read-model');
const { Asks } = await load<AsksModule>('asks');
const { askPanels } = await load<Panels>('panels');
const loaded = await loadSpans(database, spans, say);
const model = await openReadModel(databaseUrl);
const warmUp = await new Asks(database, model, loaded, 1).make(asks);
const measured = await new Asks(database, model, loaded, 2).make(asks);

async function obey(order: Exclude<QueryOrder, { order: 'leave' }>): Promise<QueryReport> {
  if (order.order === 'panels') {
    return { panels: await askPanels(databaseUrl, loaded, await model.findServices(), () => undefined) };
  }
  const ask = (order.isWarmUp ? warmUp : measured).get(order.kind)?.[order.index];
  if (ask === undefined) throw new Error(`${root} has no query ${order.index} of the kind ${order.kind}`);
  const startedAt = performance.now();
  const results = await ask();
  return { durationMs: performance.now() - startedAt, results };
}

process.on('message', (order: QueryOrder) => {
  if (order.order === 'leave') {
    void model
      .close()
      .then(() => client.end())
      .then(() => process.disconnect());
    return;
  }
  void obey(order).then((report) => process.send?.(report));
});
process.send?.({ kinds: [...measured.keys()] } satisfies ReadyReport);
