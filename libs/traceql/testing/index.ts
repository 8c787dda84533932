/** For tests: random queries, and an evaluation of queries over OTLP's JSON that uses no database. */
export * from './metrics-evaluation.ts';
export * from './random-query.ts';
export * from './random-traces.ts';
export * from './recorded-traces.ts';
export * from './search-evaluation.ts';
export * from './trace-model.ts';
