/** What the console's API takes and answers: schemas that tracestore validates by, and types that the console has of them. */
export * from './attribute-text.js';
export * from './catalogue.schema.js';
export * from './dashboard.schema.js';
export * from './search.schema.js';
export * from './session.schema.js';
export * from './span-words.schema.js';
export * from './sql.schema.js';
export * from './system.schema.js';
export * from './time-range.schema.js';
export * from './trace.schema.js';
