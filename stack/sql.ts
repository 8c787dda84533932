import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { databaseUrlFromPassfile } from './database-access.ts';
import { parsePortOffset } from './options.ts';
import { printResults } from './print-results.ts';
import { planPorts } from './services.ts';

const usage = `npm run sql -- FILE           runs a script against the trace store and prints what each statement gives
npm run sql -- -c 'SELECT 1'  runs what is given

  -v NAME=VALUE     of a parameter of a dashboard's query; may be repeated
  --port-offset N   of the stack that is asked
  TRACESTORE_DATABASE_URL says where to; without it, to the stack that runs on this machine, as the role tracestore
`;

const root = path.dirname(import.meta.dirname);

process.exitCode = await run();

async function run(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        command: { type: 'string', short: 'c' },
        variable: { type: 'string', short: 'v', multiple: true, default: [] },
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
    const url = process.env['TRACESTORE_DATABASE_URL'] || databaseUrlFromPassfile(root, database, 'tracestore');
    const script = values.command ?? readFileSync(file ?? '', 'utf8');
    const parameters = Object.fromEntries(values.variable.map(parseVariable));
    return (await printResults(url, script, { indent: '', mostRows: 1_000, parameters })) ? 0 : 1;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const text =
      code === 'ECONNREFUSED'
        ? 'no database answers there; is `npm start` running?'
        : error instanceof Error
          ? error.message
          : String(error);
    process.stderr.write(`${text}\n`);
    return 1;
  }
}

function parseVariable(text: string): readonly [name: string, value: string] {
  const separator = text.indexOf('=');
  if (separator < 1) throw new Error(`-v wants NAME=VALUE, not ${text}`);
  return [text.slice(0, separator), text.slice(separator + 1)];
}
