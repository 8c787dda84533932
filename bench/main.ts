/** `npm run bench -- NAME [--json]`: runs one benchmark and prints a table, or one JSON object. */
import { parseArgs } from 'node:util';
import type { Figures } from './figures.ts';
import { stackBench } from './stack.bench.ts';

const benches: Readonly<Record<string, (say: (line: string) => void) => Promise<Figures>>> = { stack: stackBench };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const [name = '', ...others] = positionals;
const run = benches[name];
if (run === undefined || others.length > 0) {
  process.stderr.write(`Which benchmark? npm run bench -- ${Object.keys(benches).join(' | ')} [--json]\n`);
  process.exit(2);
}
// Progress goes to stderr, so that stdout holds the result alone.
const figures = await run((line) => process.stderr.write(`${line}\n`));
if (values.json) {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} else {
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  for (const [key, value] of Object.entries(figures)) process.stdout.write(`${key.padEnd(width)}  ${value}\n`);
}
