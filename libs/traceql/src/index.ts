/** TraceQL, the query language of Grafana Tempo: from text to a checked tree and back. */
export * from './arithmetic.js';
export type * from './ast.js';
export * from './duration.js';
export * from './lenient.js';
export * from './limits.js';
export * from './names.js';
export * from './parse-query.js';
export * from './print.js';
export * from './regex.js';
export * from './simplify.js';
export * from './traceql-error.js';
