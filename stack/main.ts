import { readFileSync } from 'node:fs';
import path from 'node:path';
import { styleText } from 'node:util';
import { type Load, startLoad } from '../load/driver.ts';
import { watchSources } from './dev.ts';
import { writeFlagsFile } from './flags-file.ts';
import { canShowBrowser, openBrowser } from './open-browser.ts';
import { type Options, parseOptions, UsageError } from './options.ts';
import { findFreeOffset, findTakenPorts } from './ports.ts';
import { services, serviceUrl, type UserEnvironment } from './services.ts';
import { runSmoke } from '../smoke/smoke.ts';
import { Stack } from './stack.ts';
import { createTemporaryStateFolder, openStateFolder, processTitle } from './state-folder.ts';
import { NotReadyError } from './supervised-child.ts';
import { print, step } from './terminal.ts';
import { sendRecording, startOfRecording } from '../workshop/send.ts';

const root = path.dirname(import.meta.dirname);
const loadPlan = { ratePerSecond: 20, concurrency: 20 } as const;

process.title = processTitle;
process.exitCode = await run(process.argv.slice(2), process.env);
// Open connections and pipes would keep this process running.
process.exit();

/** @returns the exit code: 0, 1 for a failure, 2 for a usage error */
async function run(args: readonly string[], environment: UserEnvironment): Promise<number> {
  const cleanUp: (() => Promise<void> | void)[] = [];
  try {
    const options = parseOptions(args);
    if (options.help) {
      print(readFileSync(path.join(import.meta.dirname, 'help.txt'), 'utf8').trimEnd());
      return 0;
    }
    let stack: Stack | undefined;
    const interrupted = untilInterrupted(() => stack?.kill()).then(() => 'interrupted' as const);
    const state = options.memory ? createTemporaryStateFolder() : await openStateFolder(options.fresh);
    cleanUp.push(() => state.release());
    const portOffset = options.portOffset === 'free' ? await findFreeOffset() : options.portOffset;
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    const flagsFile = writeFlagsFile(root, state.own, options.faults);
    stack = new Stack({ root, options, portOffset, state, environment, flagsFile, version });
    await refuseTakenPorts(stack, options);
    const running = stack;
    cleanUp.push(() => running.stop());
    if ((await orInterrupted(running.start())) === 'interrupted') return options.smoke ? 1 : 0;
    const { surroundings } = running;
    const targets = {
      frontend: serviceUrl('frontend', surroundings),
      generator: serviceUrl('generator', surroundings),
    };
    if (options.smoke) {
      const passed = await orInterrupted(runSmoke(targets, surroundings, consoleHeaders(environment)));
      return passed === true ? 0 : 1;
    }
    if (options.workshop) {
      const loaded = step('workshop', () => loadRecording(serviceUrl('otlpHttp', surroundings)));
      if ((await orInterrupted(loaded)) === 'interrupted') return 0;
    }
    if (options.load) {
      const load: Load = startLoad({ targets, ...loadPlan });
      cleanUp.push(() => load.stop(500));
    }
    printBanner(running, options, portOffset, [state.own, state.database], state.temporary);
    if (options.open && canShowBrowser(environment)) openBrowser(serviceUrl('tracestore', surroundings));
    if (options.dev) cleanUp.push(await watchSources(root, (name) => running.restart(name)));
    await interrupted;
    return 0;

    function orInterrupted<Result>(work: Promise<Result>): Promise<Result | 'interrupted'> {
      // Work that is interrupted fails when the stack stops.
      work.catch(() => {});
      return Promise.race([work, interrupted]);
    }
  } catch (error) {
    print(`${styleText('red', 'Error:')} ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof NotReadyError) for (const line of error.lastLines) print(styleText('dim', `  │ ${line}`));
    return error instanceof UsageError ? 2 : 1;
  } finally {
    for (const step of cleanUp.toReversed()) await step();
  }
}

/** Resolves at the first signal, and when npm, the parent process, is gone. A second Ctrl-C kills the processes. */
function untilInterrupted(kill: () => void): Promise<void> {
  return new Promise((resolve) => {
    let interrupted = false;
    const interrupt = (why: string): void => {
      if (!interrupted) print(styleText('dim', `\n${why}: stopping`));
      interrupted = true;
      resolve();
    };
    process.on('SIGINT', () => (interrupted ? kill() : interrupt('Ctrl-C')));
    process.on('SIGTERM', () => interrupt('SIGTERM'));
    process.on('SIGHUP', () => interrupt('The terminal was closed'));
    const parent = process.ppid;
    // A killed npm sends no signal.
    if (process.env['npm_lifecycle_event'] !== undefined)
      setInterval(() => process.ppid !== parent && interrupt('npm has ended'), 300).unref();
  });
}

async function refuseTakenPorts(
  { surroundings: { host, ports }, ownsDatabase }: Stack,
  options: Options,
): Promise<void> {
  const wanted = Object.entries(ports)
    .filter(([name]) => name !== 'database' || ownsDatabase)
    .filter(([name]) => !options.storeOnly || services.every(({ port }) => port !== name))
    .map(([name, port]) => ({ name, port, host: name === 'database' ? '127.0.0.1' : host }));
  const taken = await findTakenPorts(wanted);
  if (taken.length === 0) return;
  const list = taken.map(({ name, port }) => `${port} (${name})`).join(', ');
  throw new UsageError(
    `These ports are in use: ${list}. Other ports: npm start -- --port-offset ${await findFreeOffset()}`,
  );
}

/** @returns what was loaded, for the line of the step */
async function loadRecording(endpoint: string): Promise<string> {
  const { spanCount, start, end } = await sendRecording(endpoint, startOfRecording(Date.now()));
  return `${spanCount} spans from ${start.toISOString()} to ${end.toISOString()}; lessons: docs/workshop/README.md`;
}

/** The credentials for the API of the console, where the environment requires some. */
function consoleHeaders(environment: UserEnvironment): Readonly<Record<string, string>> {
  if (environment['TRACESTORE_CONSOLE_ACCESS'] === 'proxy')
    return { [environment['TRACESTORE_CONSOLE_USER_HEADER'] ?? 'x-forwarded-user']: 'smoke' };
  const token = environment['TRACESTORE_CONSOLE_TOKEN'];
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function printBanner(
  { surroundings, passfile }: Stack,
  { load, faults, storeOnly }: Options,
  portOffset: number,
  folders: readonly string[],
  temporary: boolean,
): void {
  const { ports, flagsFile } = surroundings;
  const url = (port: keyof typeof ports): string => serviceUrl(port, surroundings);
  const psql = `psql -h localhost -p ${ports.database} -d postgres -U postgres`;
  const offset = portOffset === 0 ? '' : `--port-offset ${portOffset} `;
  const rows = [
    ['Console', url('tracestore')],
    ...(storeOnly
      ? []
      : [
          ['Numbers', `curl -i -X POST ${url('frontend')}/numbers`],
          ['Passwords', `curl -i ${url('generator')}/`],
          ['Load', load ? `${loadPlan.ratePerSecond} requests/s` : 'none (npm run load)'],
          ['Faults', `${faults ? 'on' : 'off'}; change them in ${flagsFile}`],
        ]),
    ['SQL', passfile === undefined ? 'in your database' : `PGPASSFILE=${path.relative('', passfile)} ${psql}`],
    ['', `npm run sql -- ${offset}-c 'SELECT …'`],
    ['OTLP', `${url('otlpHttp')} (HTTP), localhost:${ports.otlpGrpc} (gRPC)`],
    ['State', folders.join(', ')],
    ['Stop', `Ctrl-C${temporary ? ', which removes the data' : ', which keeps the data'}`],
  ];
  print();
  for (const [label = '', text] of rows) print(`  ${styleText('bold', label.padEnd(10))} ${text}`);
  print();
}
