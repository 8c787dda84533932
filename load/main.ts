import { parseArgs } from 'node:util';
import { type Counts, startLoad } from './driver.ts';
import type { Targets } from './request.ts';
import { loadVariables, readTargets } from './targets.ts';

const usage = `npm run load -- [--rate N] [--concurrency N] [--duration 30s]

  --rate N          requests per second of all scenarios together (default: 20)
  --concurrency N   most requests in flight; further requests are dropped and counted (default: 64)
  --duration T      for example 30s, 5m or 1h (default: until Ctrl-C)

FRONTEND_URL and GENERATOR_URL are the addresses of the services (default: ${loadVariables.FRONTEND_URL.fallback} and
${loadVariables.GENERATOR_URL.fallback}).
`;

interface LoadRun {
  readonly ratePerSecond: number;
  readonly concurrency: number;
  readonly durationMs: number;
}

process.exitCode = await run();

async function run(): Promise<number> {
  let plan: LoadRun | undefined;
  let targets: Targets;
  try {
    plan = readArguments();
    targets = readTargets(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (plan === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const startedAt = performance.now();
  const load = startLoad({ targets, ...plan });
  const ticker = setInterval(() => {
    const elapsed = Math.round((performance.now() - startedAt) / 1_000);
    process.stdout.write(`${String(elapsed).padStart(5)} s  ${describe(load.recent())}\n`);
  }, 1_000);
  await untilOver(plan.durationMs);
  clearInterval(ticker);
  await load.stop(10_000);
  process.stdout.write('\n');
  let good = 0;
  for (const [name, counts] of load.counts()) {
    process.stdout.write(`${name.padEnd(20)} ${describe(counts)}\n`);
    good += counts.good;
  }
  return good > 0 ? 0 : 1;
}

/**
 * @returns undefined for --help
 * @throws Error that names the invalid argument
 */
function readArguments(): LoadRun | undefined {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '20' },
      concurrency: { type: 'string', default: '64' },
      duration: { type: 'string' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) return undefined;
  return {
    ratePerSecond: readPositive('--rate', values.rate),
    concurrency: Math.floor(readPositive('--concurrency', values.concurrency, 1)),
    durationMs: values.duration === undefined ? Number.POSITIVE_INFINITY : readDuration(values.duration),
  };
}

function readPositive(option: string, value: string, minimum = Number.MIN_VALUE): number {
  const number = Number(value);
  if (Number.isFinite(number) && number >= minimum) return number;
  throw new Error(`${option} must be ${minimum === 1 ? 'a number from 1' : 'a positive number'}, got ${value}`);
}

function readDuration(value: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value) ?? [];
  if (amount === undefined) throw new Error(`--duration must be a duration such as 30s, 5m or 1h, got ${value}`);
  const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  return Number(amount) * (unitsMs[unit] ?? 1_000);
}

function untilOver(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = Number.isFinite(durationMs) ? setTimeout(resolve, durationMs) : undefined;
    process.once('SIGINT', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function describe({ good, failed, dropped, latency }: Counts): string {
  const milliseconds = (value: number | undefined): string =>
    (value === undefined ? '–' : value.toFixed(1)).padStart(7);
  const failures = Object.entries(failed).map(([why, count]) => `${why} ×${count}`);
  const total = Object.values(failed).reduce((sum, count) => sum + count, 0);
  return [
    `good ${String(good).padStart(6)}`,
    `failed ${String(total).padStart(4)}`,
    `dropped ${String(dropped).padStart(4)}`,
    `ms p50 ${milliseconds(latency.p50)}  p95 ${milliseconds(latency.p95)}  p99 ${milliseconds(latency.p99)}`,
    ...(failures.length === 0 ? [] : [failures.join(', ')]),
  ].join('  ');
}
