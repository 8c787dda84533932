import { services } from '../libs/service/src/services.ts';

/** What `npm start` and `npm run dev` were asked for. */
export interface Options {
  readonly smoke: boolean;
  /** Whether only PostgreSQL and tracestore run, for the spans of others. */
  readonly storeOnly: boolean;
  readonly load: boolean;
  readonly faults: boolean;
  readonly fresh: boolean;
  readonly memory: boolean;
  readonly dev: boolean;
  /** Whether the console is shown in a browser when all is ready, where there is somebody to see it. */
  readonly open: boolean;
  /** Added to every port. */
  readonly portOffset: number;
  /** Whose log lines are shown besides errors. */
  readonly logs: 'none' | 'all' | { readonly service: string };
}

/** Thrown for a command line that cannot be understood; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** With a larger offset, the highest port (17271) would leave the range. */
const maximumPortOffset = 65_535 - 17_271;

/** What `--logs` can show. */
export const processNames: readonly string[] = ['postgres', 'tracestore', ...services.map(({ name }) => name)];

/**
 * Parses the command line. Needs no package, so that a wrong option is refused before anything is installed.
 *
 * @throws UsageError for an unknown option, or a value that is missing or wrong
 */
export function parseOptions(args: readonly string[]): Options {
  const flags = new Set<string>();
  let portOffset = 0;
  let logs: Options['logs'] = 'none';
  const rest = args.flatMap((arg) => splitAssignment(arg));
  for (let index = 0; index < rest.length; index += 1) {
    const option = rest[index] ?? '';
    const value = rest[index + 1];
    if (option === '--port-offset') {
      portOffset = parsePortOffset(value);
      index += 1;
    } else if (option === '--logs') {
      const service = value === undefined || value.startsWith('-') ? undefined : parseProcessName(value);
      logs = service === undefined ? 'all' : { service };
      if (service !== undefined) index += 1;
    } else if (switches.has(option)) {
      flags.add(option);
    } else {
      throw new UsageError(`unknown option ${option}; see \`npm start -- --help\``);
    }
  }
  const storeOnly = flags.has('--store-only');
  if (storeOnly && flags.has('--smoke')) {
    throw new UsageError('--smoke makes requests to the services, which --store-only leaves out: give one of them');
  }
  return {
    smoke: flags.has('--smoke'),
    storeOnly,
    load: !flags.has('--no-load') && !storeOnly,
    faults: !flags.has('--no-faults'),
    fresh: flags.has('--fresh'),
    memory: flags.has('--memory'),
    dev: flags.has('--dev'),
    open: !flags.has('--no-open'),
    portOffset,
    logs,
  };
}

/** `--dev` is what `npm run dev` adds. */
const switches: ReadonlySet<string> = new Set([
  '--smoke',
  '--store-only',
  '--no-load',
  '--no-faults',
  '--no-open',
  '--fresh',
  '--memory',
  '--dev',
]);

function splitAssignment(arg: string): readonly string[] {
  const [, option, value] = /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? [];
  return option !== undefined && value !== undefined ? [option, value] : [arg];
}

/**
 * @param value what follows `--port-offset`
 * @throws UsageError when it is no whole number that leaves all ports in range
 */
export function parsePortOffset(value: string | undefined): number {
  const offset = /^\d+$/.test(value ?? '') ? Number(value) : Number.NaN;
  if (offset <= maximumPortOffset) return offset;
  throw new UsageError(
    `--port-offset ${value === undefined ? 'has no value' : `is ${value}`}; it should be a whole number from 0 to ${maximumPortOffset}`,
  );
}

function parseProcessName(value: string): string {
  if (processNames.some((name) => name === value)) return value;
  throw new UsageError(`--logs ${value}: there is no such service; it should be one of ${processNames.join(', ')}`);
}
