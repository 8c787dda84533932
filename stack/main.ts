import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Load, startLoad } from '../load/driver.ts';
import { printBanner } from './banner.ts';
import { type Reloader, startReloader } from './dev.ts';
import { writeFlagsFile } from './flags-file.ts';
import { watchLauncher } from './launcher.ts';
import { canShowBrowser, openBrowser } from './open-browser.ts';
import { type Options, parseOptions, UsageError } from './options.ts';
import { endOrphanPostgres } from './orphan-postgres.ts';
import { findTakenPorts } from './ports-check.ts';
import type { CheckedStore } from './protocol-checks.ts';
import { lockStack } from './running-stack.mjs';
import { planPorts, type PortPlan, services, serviceUrl, type UserEnvironment } from './services.ts';
import { runSmoke } from './smoke.ts';
import { Stack } from './stack.ts';
import { createTemporaryStateFolder, findStateFolder, folderOutside, type StateFolder } from './state-folder.ts';
import { NotReadyError } from './supervised-child.ts';
import { paint, print } from './terminal.ts';
import { removeFolder } from './unprivileged.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const loadPlan = { ratePerSecond: 20, concurrency: 20 } as const;

process.title = 'spandrel';
process.exitCode = await run();
// Whatever is still open (a keep-alive connection, a log pipe) has nothing more to say.
process.exit();

/** @returns the exit code */
async function run(): Promise<number> {
  const undo: (() => void)[] = [];
  let stack: Stack | undefined;
  let load: Load | undefined;
  let reloader: Reloader | undefined;
  let markOver = (): void => {};
  const over = new Promise<void>((resolve) => (markOver = resolve));
  const end = (why: string): void => {
    if (stack !== undefined) print(paint('dim', `\n${why}: stopping`));
    markOver();
  };
  listenForTheEnd(end, () => stack?.kill());
  try {
    const options = parseOptions(process.argv.slice(2));
    const state = await openState(options, undo);
    stack = new Stack({
      root,
      options,
      state,
      environment: process.env,
      flagsFile: writeFlagsFile(root, state.own, options.faults),
      version: readVersion(),
    });
    await refuseTakenPorts(stack, options);
    const started = stack.start();
    // It fails when it is stopped half-way, which is then no news.
    started.catch(() => {});
    const interrupted = over.then(() => 'interrupted' as const);
    if ((await Promise.race([started, interrupted])) === 'interrupted') return options.smoke ? 1 : 0;
    const url = urlsOf(stack);
    const targets = { frontend: url('frontend'), generator: url('generator') };
    if (options.smoke) {
      const smoke = runSmoke({
        targets,
        store: checkedStoreOf(stack, process.env),
        ports: stack.surroundings.ports,
      });
      smoke.catch(() => {});
      const whole = await Promise.race([smoke, interrupted]);
      return whole === true ? 0 : 1;
    }
    if (options.load) load = startLoad({ targets, ...loadPlan });
    printBanner({
      url,
      databasePort: stack.ownsDatabase ? stack.surroundings.ports.database : undefined,
      passfile: stack.passfilePath === undefined ? undefined : path.relative(process.cwd(), stack.passfilePath),
      portOffset: options.portOffset,
      otlpGrpcPort: stack.surroundings.ports.otlpGrpc,
      flagsFile: stack.surroundings.flagsFile,
      faults: options.faults,
      storeOnly: options.storeOnly,
      state: [state.own, ...(state.database.startsWith(state.own) ? [] : [path.dirname(state.database)])],
      temporary: state.temporary,
      load: options.load ? `${loadPlan.ratePerSecond} requests a second` : 'none; npm run load makes some',
    });
    if (options.open && canShowBrowser(process.env)) openBrowser(url('tracestore'));
    if (options.dev) reloader = await startReloader(root, (name) => stack?.restart(name));
    await over;
    return 0;
  } catch (error) {
    return explain(error);
  } finally {
    reloader?.stop();
    await load?.stop(500);
    await stack?.stop();
    for (const step of undo.toReversed()) step();
  }
}

/** The first Ctrl-C (or any other way to end) is a request, the second an order. */
function listenForTheEnd(end: (why: string) => void, kill: () => void): void {
  let asked = false;
  const signals: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
    SIGINT: 'Ctrl-C',
    SIGTERM: 'SIGTERM',
    SIGHUP: 'The terminal was closed',
  };
  for (const [signal, why] of Object.entries(signals)) {
    process.on(signal, () => {
      if (asked && signal === 'SIGINT') kill();
      if (!asked) end(why);
      asked = true;
    });
  }
  watchLauncher(() => {
    if (!asked) end('npm is gone');
    asked = true;
  });
}

/** Finds or makes the state folder, locked against a second stack, and emptied if that was asked for. */
async function openState(options: Options, undo: (() => void)[]): Promise<StateFolder> {
  if (options.memory) {
    const state = createTemporaryStateFolder();
    undo.push(() => state.remove());
    return state;
  }
  const state = findStateFolder(root);
  const lock = lockStack(root);
  undo.push(() => lock.release());
  // Before the ports are checked: it may hold one.
  await endOrphanPostgres(path.join(state.database, 'data'));
  if (!options.fresh) return state;
  removeFolder(state.database);
  removeFolder(folderOutside(root));
  // What was removed is made again, with its owner.
  return findStateFolder(root);
}

async function refuseTakenPorts(stack: Stack, options: Options): Promise<void> {
  const { host, ports } = stack.surroundings;
  const wanted = (plan: PortPlan) =>
    Object.entries(plan)
      .filter(([name]) => name !== 'database' || stack.ownsDatabase)
      .filter(([name]) => !options.storeOnly || services.every(({ port }) => port !== name))
      .map(([name, port]) => ({ name, port, host: name === 'database' ? '127.0.0.1' : host }));
  const taken = await findTakenPorts(wanted(ports));
  if (taken.length === 0) return;
  const lines = taken.map(({ name, port, holder }) => `  ${String(port).padEnd(6)} ${name.padEnd(11)} ${holder}`);
  let advice = 'npm start -- --port-offset N adds N to every port.';
  for (let offset = options.portOffset + 100; offset <= options.portOffset + 1_000; offset += 100) {
    if ((await findTakenPorts(wanted(planPorts(offset)))).length > 0) continue;
    advice = `Stop that, or move all ports: npm start -- --port-offset ${offset}`;
    break;
  }
  throw new UsageError(`These ports are taken:\n${lines.join('\n')}\n${advice}`);
}

function urlsOf({ surroundings }: Stack): (port: keyof PortPlan) => string {
  return (port) => serviceUrl(port, surroundings);
}

function checkedStoreOf(stack: Stack, environment: UserEnvironment): CheckedStore {
  const addressOf = (port: keyof PortPlan): string => new URL(serviceUrl(port, stack.surroundings)).host;
  return {
    url: serviceUrl('tracestore', stack.surroundings),
    tracesUrl: `${serviceUrl('otlpHttp', stack.surroundings)}/v1/traces`,
    otlpGrpcAddress: addressOf('otlpGrpc'),
    jaegerGrpcAddress: addressOf('jaegerGrpc'),
    databaseUrl: stack.tracestoreDatabaseUrl,
    headers: consoleHeaders(environment),
  };
}

/** Who one is for the console's API, where the user's environment asks for more than the loopback. */
function consoleHeaders(environment: UserEnvironment): Readonly<Record<string, string>> {
  if (environment['TRACESTORE_CONSOLE_ACCESS'] === 'proxy') {
    return { [environment['TRACESTORE_CONSOLE_USER_HEADER'] ?? 'x-forwarded-user']: 'smoke' };
  }
  const token = environment['TRACESTORE_CONSOLE_TOKEN'];
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function readVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string }).version;
}

function explain(error: unknown): number {
  const text = error instanceof Error ? error.message : String(error);
  print(`${paint('red', 'Error:')} ${text}`);
  if (error instanceof NotReadyError) for (const line of error.lastLines) print(`  ${paint('dim', '│')} ${line}`);
  return error instanceof UsageError ? 2 : 1;
}
