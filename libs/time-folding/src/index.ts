export { type FoldedStatement, type FoldedTime, foldTimes, type RunSql } from './fold-times.ts';
export { SqlParser, type SqlParserLimits } from './sql-parser.ts';
export { readHints } from './whole-tables.ts';
