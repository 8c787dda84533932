/** The console's API: schemas with which tracestore validates requests and responses, and their types for the console. */
export * from './attribute-text.js';
export * from './catalogue.schema.js';
export * from './dashboard-names.js';
export * from './dashboard.schema.js';
export * from './differences.schema.js';
export * from './search.schema.js';
export * from './session.schema.js';
export * from './span-kind.schema.js';
export * from './sql.schema.js';
export * from './system.schema.js';
export * from './time-range.schema.js';
export * from './trace.schema.js';
