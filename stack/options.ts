import { parseArgs } from 'node:util';
import { maxPortOffset } from './ports.ts';
import { services } from './services.ts';

/** The options of `npm start` and `npm run dev`. */
export interface Options {
  readonly help: boolean;
  readonly smoke: boolean;
  readonly storeOnly: boolean;
  /** Loads the recording of the workshop into a temporary store without the demo services. */
  readonly workshop: boolean;
  readonly load: boolean;
  readonly faults: boolean;
  readonly fresh: boolean;
  readonly memory: boolean;
  readonly dev: boolean;
  readonly open: boolean;
  /** Added to every port. `free` stands for one at which all ports are free. */
  readonly portOffset: number | 'free';
  /** The process whose log lines are printed. */
  readonly logs: string;
}

/** The command line has an error. The message says what is right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The values of `--logs`. */
const logNames: readonly string[] = ['none', 'all', 'postgres', 'tracestore', ...services.map(({ name }) => name)];

/**
 * Parses the command line.
 *
 * @throws UsageError for an unknown option and for a missing or wrong value
 */
export function parseOptions(args: readonly string[]): Options {
  // The value of --logs is optional, which parseArgs does not support.
  const complete = args.map((arg, index) =>
    arg === '--logs' && (args[index + 1] ?? '-').startsWith('-') ? '--logs=all' : arg,
  );
  const values = parse(complete);
  const { logs } = values;
  if (!logNames.includes(logs)) throw new UsageError(`--logs must be one of ${logNames.join(', ')}, got ${logs}`);
  const storeOnly = values['store-only'] || values.workshop;
  if (values.smoke && storeOnly) {
    const other = values.workshop ? '--workshop' : '--store-only';
    throw new UsageError(`--smoke and ${other} exclude each other: the smoke test needs the services`);
  }
  return {
    help: values.help,
    smoke: values.smoke,
    storeOnly,
    workshop: values.workshop,
    load: !values['no-load'] && !storeOnly,
    faults: !values['no-faults'],
    fresh: values.fresh,
    memory: values.memory || values.workshop,
    dev: values.dev,
    open: !values['no-open'],
    portOffset: values['port-offset'] === 'free' ? 'free' : parsePortOffset(values['port-offset']),
    logs,
  };
}

/** @throws UsageError when the text is not an integer that leaves all ports in range */
export function parsePortOffset(text: string): number {
  const offset = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (offset <= maxPortOffset) return offset;
  throw new UsageError(`--port-offset must be an integer from 0 to ${maxPortOffset}, got ${text}`);
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { ...flag, short: 'h' },
        smoke: flag,
        'store-only': flag,
        workshop: flag,
        'no-load': flag,
        'no-faults': flag,
        fresh: flag,
        memory: flag,
        dev: flag,
        'no-open': flag,
        'port-offset': { type: 'string', default: '0' },
        logs: { type: 'string', default: 'none' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nAll options: npm start -- --help`);
  }
}
