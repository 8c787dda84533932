/** A variable that only tools read: benchmarks, tests and `npm run sql`. */
interface ToolVariable {
  readonly name: string;
  /** The command that reads it. */
  readonly reader: string;
  /** In Markdown. */
  readonly meaning: string;
}

/** Every variable that the tools of this repository read. docs/configuration.md is generated from it. */
export const toolVariables: readonly ToolVariable[] = [
  {
    name: 'TRACESTORE_DATABASE_URL',
    reader: '`npm run sql`',
    meaning: 'Database to query. Without it, that of the embedded stack.',
  },
  {
    name: 'TEST_DATABASE_URL',
    reader: 'tests, `npm run bench`',
    meaning: 'PostgreSQL server to use instead of an embedded one. Its role must be allowed to create databases.',
  },
  {
    name: 'TEST_POSTGRES_MODULES',
    reader: '`npm run test:postgres`',
    meaning: 'Folder with the extension modules of the server under test. The command sets it.',
  },
  {
    name: 'PROMSCALE_QUERIES',
    reader: 'integration tests',
    meaning:
      'Folder of `.sql` files with queries that were published for Promscale. Without it, their test is skipped.',
  },
  {
    name: 'DIFFERENTIAL_ROUNDS',
    reader: 'unit tests',
    meaning: 'Number of random requests that compare the fast path with the reference decoder, 400 by default.',
  },
  {
    name: 'TRACEQL_QUERIES',
    reader: 'integration tests',
    meaning:
      'Number of random queries in TraceQL that are compared with their evaluation without a database, 90 by default.',
  },
  {
    name: 'TRACEQL_TRACES',
    reader: 'integration tests',
    meaning: 'Number of random traces that these queries are about, 25 by default.',
  },
  {
    name: 'TRACEQL_SEED',
    reader: 'integration tests',
    meaning: 'Number from which these queries and traces are made, 1 by default.',
  },
  {
    name: 'CHROMIUM',
    reader: 'end-to-end tests, `npm run bench -- console`, `npm run pictures`',
    meaning: 'Path of a Chromium to use instead of one on the PATH or from npm.',
  },
  {
    name: 'TEST_KUBECONFIG',
    reader: '`npm run test:cluster`',
    meaning: 'Cluster to use instead of a new one of kind.',
  },
  {
    name: 'TEST_CLUSTER_LOAD',
    reader: '`npm run test:cluster`',
    meaning: 'Command that loads images into that cluster.',
  },
  {
    name: 'TEST_CLUSTER_VALUES',
    reader: '`npm run test:cluster`',
    meaning: 'File of additional chart values.',
  },
  {
    name: 'BUILD_CA',
    reader: '`make images`, `npm run test:cluster`',
    meaning: 'File in PEM: the certificate authority of a proxy that inspects TLS, for `npm ci` in images.',
  },
  {
    name: 'TEST_CLUSTER_PATIENCE',
    reader: '`npm run test:cluster`',
    meaning: 'Factor for waiting times and maximum response times, from 1 (the default, a quiet machine) to 20.',
  },
  {
    name: 'NO_COLOR',
    reader: '`npm start`',
    meaning: 'Any value: the output has no colors.',
  },
];

/** The variables that only k6 reads, in load/k6.ts. */
export const k6Variables: readonly Omit<ToolVariable, 'reader'>[] = [
  { name: 'SCENARIO', meaning: '`numbers` (the default), `passwords`, `spike` or `soak`.' },
  { name: 'RATE', meaning: 'Requests per second, 20 by default.' },
  { name: 'DURATION', meaning: 'Such as `90s` or `5m`. By default `1m`, and `30m` for `soak`.' },
  {
    name: 'FAULTS',
    meaning:
      '`off`: every failed response is an error. Otherwise, responses that injected faults explain are accepted.',
  },
  {
    name: 'LATENCY_FACTOR',
    meaning: 'Factor for the maximum response times, 1 by default. Set it higher for a busy cluster.',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    meaning: 'OTLP endpoint to which k6 exports a span for each request. By default none are exported.',
  },
];

/** Variables of the operating system, of npm, and those that one process of this repository sets for another. */
export const foreignVariables: ReadonlySet<string> = new Set([
  'PATH',
  'TERM',
  'TMPDIR',
  'npm_execpath',
  'npm_lifecycle_event',
  'CLOCK_SHIFT_DAYS',
  'SPANDREL_LAUNCHER_PID',
]);
