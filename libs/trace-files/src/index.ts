/** Traces that others wrote, as OTLP's JSON. */
export * from './fields.js';
export * from './jaeger-json.js';
export type * from './otlp-json.js';
export * from './parse-json.js';
