import path from 'node:path';
import { figuresTable } from './figures.ts';
import { importTraces } from './import.ts';
import { parseOptions, usage } from './options.ts';

process.exitCode = await run();

/** @returns the exit code: 0 when everything was read and answered, 1 when the import stopped early, 2 for a usage error */
async function run(): Promise<number> {
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { figures, isComplete, error } = await importTraces(options, {
    root: path.dirname(import.meta.dirname),
    say: (line) => process.stderr.write(`${line}\n`),
    stop: stop.signal,
  });
  process.stdout.write(options.json ? `${JSON.stringify({ ...figures, isComplete })}\n` : figuresTable(figures));
  if (isComplete) return 0;
  const reason = error === undefined ? 'it was stopped' : error instanceof Error ? error.message : String(error);
  process.stderr.write(`The import is not complete: ${reason}. The same command goes on where it stopped.\n`);
  return 1;
}
