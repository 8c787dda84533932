import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { databaseUrlFromPassfile } from '@spandrel/embedded/database-access';
import { parsePortOffset } from './options.ts';
import { planPorts } from './ports.ts';
import { printResults } from './print-results.ts';

const usage = `npm run sql -- FILE           runs a script on the trace store and prints the result of each statement
npm run sql -- -c 'SELECT 1'  runs the argument

  -v NAME=VALUE     sets a parameter of a dashboard query; may be repeated
  --exact           prints all digits of a fraction instead of four
  --port-offset N   of the running stack

It connects to TRACESTORE_DATABASE_URL, or else to the stack that runs on this machine, as the role tracestore.
`;

process.exitCode = await run();

/** @returns the exit code: 0, 1 for a failure, 2 for a usage error */
async function run(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        command: { type: 'string', short: 'c' },
        variable: { type: 'string', short: 'v', multiple: true, default: [] },
        exact: { type: 'boolean', default: false },
        'port-offset': { type: 'string', default: '0' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [file, ...rest] = positionals;
    if (values.help || rest.length > 0 || (file === undefined) === (values.command === undefined)) {
      (values.help ? process.stdout : process.stderr).write(usage);
      return values.help ? 0 : 2;
    }
    const { database } = planPorts(parsePortOffset(values['port-offset']));
    const root = path.dirname(import.meta.dirname);
    const url = process.env['TRACESTORE_DATABASE_URL'] || databaseUrlFromPassfile(root, database);
    const script = values.command ?? readFileSync(file ?? '', 'utf8');
    const parameters = Object.fromEntries(values.variable.map(parseVariable));
    return (await printResults(url, script, { maxRows: 1_000, exact: values.exact, parameters })) ? 0 : 1;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    process.stderr.write(`${code === 'ECONNREFUSED' ? 'No database answers: is npm start running?' : message}\n`);
    return 1;
  }
}

function parseVariable(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new Error(`-v must be NAME=VALUE, got ${text}`);
  return [name, value];
}
