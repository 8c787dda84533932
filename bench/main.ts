/** `npm run bench -- NAME [--json] [OPTIONS]`: runs one benchmark and prints a table, or one JSON object. */
import { consoleBench } from './console.bench.ts';
import type { Bench } from './results.ts';
import { jaegerBench } from './jaeger.bench.ts';
import { pausesBench } from './pauses.bench.ts';
import { queriesBench } from './queries.bench.ts';
import { stackBench } from './stack.bench.ts';
import { traceqlBench } from './traceql.bench.ts';
import { writeBench } from './write.bench.ts';

const benches: Readonly<Record<string, Bench>> = {
  console: consoleBench,
  jaeger: jaegerBench,
  pauses: pausesBench,
  queries: queriesBench,
  stack: stackBench,
  traceql: traceqlBench,
  write: writeBench,
};

const args = process.argv.slice(2);
const [name = '', ...options] = args.filter((arg) => arg !== '--json');
const run = benches[name];
if (run === undefined) {
  process.stderr.write(
    `The benchmark must be one of these: npm run bench -- ${Object.keys(benches).join(' | ')} [--json]\n`,
  );
  process.exit(2);
}
// Progress goes to stderr, so that stdout holds only the result.
const results = await run((line) => process.stderr.write(`${line}\n`), options);
if (args.includes('--json')) {
  process.stdout.write(`${JSON.stringify(results)}\n`);
} else {
  const width = Math.max(...Object.keys(results).map((key) => key.length));
  for (const [key, value] of Object.entries(results)) process.stdout.write(`${key.padEnd(width)}  ${value}\n`);
}
