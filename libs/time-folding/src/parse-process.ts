/**
 * The process that parses statements. Its first message says that it is ready. It answers each message, a text, with the times
 * of that text, as JSON; with null if it does not parse. Its end means that the parser came to the end of its stack or memory.
 */
import { loadModule, parseSync, scanSync } from 'libpg-query';
import { findStatementTimes } from './statement-times.ts';

await loadModule();
process.on('message', (text: string) => {
  process.send?.(findStatementTimes(text, { parse: parseSync, scan: scanSync }) ?? null);
});
process.send?.('ready');
