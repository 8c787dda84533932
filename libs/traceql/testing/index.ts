/** For tests: random queries, and an evaluation of queries over OTLP's JSON that uses no database. */
export * from './random-query.ts';
