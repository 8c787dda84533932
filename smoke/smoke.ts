import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import { dashboards } from '../dashboards/all.ts';
import { createAgent, type Outcome, performRequest, type Targets } from '../load/request.ts';
import { scenarios } from '../load/scenarios.ts';
import { query } from '@spandrel/embedded/postgres';
import { printResults } from '../stack/print-results.ts';
import { checkProtocols } from './protocol-checks.ts';
import { serviceUrl, type Surroundings } from '../stack/services.ts';
import { layOut } from '../stack/table.ts';
import { print, step } from '../stack/terminal.ts';
import { findDefects, type TraceSpan } from './whole-trace.ts';

interface ExaminedTrace {
  readonly outcome: Outcome;
  readonly spans: number;
  readonly defects: readonly string[];
}

const requestsPerScenario = 20;
const requestTimeoutMs = 20_000;
/** How long the spans of a request and their aggregates may take to the database. */
const storedWithinMs = 30_000;
const maxPrintedDefects = 20;

/**
 * Makes requests of every kind and checks that each has a whole trace. Then it checks every protocol with the rights of
 * users, and prints the summary query of each dashboard.
 *
 * @param headers for the API of the console
 * @returns whether all checks passed
 */
export async function runSmoke(
  targets: Targets,
  surroundings: Surroundings,
  headers: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { ports, tracestoreDatabaseUrl: databaseUrl } = surroundings;
  const serviceOnPort = (port: number): string | undefined =>
    Object.entries(ports).find(([, candidate]) => candidate === port)?.[0];
  let outcomes: readonly Outcome[] = [];
  let traces: readonly ExaminedTrace[] = [];
  await step('requests', async () => {
    outcomes = await makeRequests(targets);
    return `${requestsPerScenario} of each kind`;
  });
  await step('traces', async () => {
    traces = await examineTraces(outcomes, databaseUrl, serviceOnPort);
    return `${traces.length} in the database`;
  });
  print();
  for (const line of summaryOf(traces)) print(`  ${line}`);
  print();
  const defects = traces.flatMap(({ outcome, defects: own }) =>
    own.map((defect) => `${outcome.scenario.name}: ${outcome.traceId ?? 'no trace id'} ${defect}`),
  );
  for (const defect of defects.slice(0, maxPrintedDefects)) print(`  ${styleText('red', '✗')} ${defect}`);
  const addressOf = (port: 'otlpGrpc' | 'jaegerGrpc'): string => new URL(serviceUrl(port, surroundings)).host;
  const store = {
    url: serviceUrl('tracestore', surroundings),
    tracesUrl: `${serviceUrl('otlpHttp', surroundings)}/v1/traces`,
    otlpGrpcAddress: addressOf('otlpGrpc'),
    jaegerGrpcAddress: addressOf('jaegerGrpc'),
    tempoUrl: serviceUrl('tempo', surroundings),
    databaseUrl,
    headers,
  };
  const results = await checkProtocols(store, ({ protocol, name, ok, found }) =>
    print(`  ${styleText(ok ? 'green' : 'red', ok ? '✓' : '✗')} ${protocol.padEnd(14)}  ${name.padEnd(19)}  ${found}`),
  );
  print();
  const failures = [
    ...(defects.length === 0 ? [] : [`${defects.length} defects of traces`]),
    ...results.filter(({ ok }) => !ok).map(({ protocol, name }) => `${protocol} (${name})`),
    ...((await printDashboards(databaseUrl)) ? [] : ['a dashboard query']),
  ];
  if (failures.length === 0) print(styleText('green', '  Every trace is whole, and every protocol works.'));
  else print(styleText('red', `  Failed: ${failures.join(', ')}`));
  return failures.length === 0;
}

/** Three requests at a time, of alternating kinds, so that traces overlap. */
async function makeRequests(targets: Targets): Promise<readonly Outcome[]> {
  const agent = createAgent();
  const waiting = Array.from({ length: requestsPerScenario }, () => scenarios).flat();
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      outcomes.push(await performRequest(next, targets, agent, requestTimeoutMs));
  };
  await Promise.all([work(), work(), work()]);
  agent.destroy();
  return outcomes;
}

async function examineTraces(
  outcomes: readonly Outcome[],
  databaseUrl: string,
  serviceOnPort: (port: number) => string | undefined,
): Promise<readonly ExaminedTrace[]> {
  for (const deadline = Date.now() + storedWithinMs; ; await sleep(500)) {
    const traces = await readTraces(outcomes, databaseUrl);
    const examined = outcomes.map((outcome): ExaminedTrace => {
      const spans = traces.get(outcome.traceId) ?? [];
      const kind = outcome.scenario.target === 'frontend' ? 'numbers' : 'password';
      const defects = findDefects(spans, { kind, failed: outcome.kind === 'bad', serviceOnPort });
      return { outcome, spans: spans.length, defects: [...responseDefects(outcome), ...defects] };
    });
    // A wrong response does not become right later.
    const incomplete = examined.some(
      ({ outcome, defects }) => defects.length > 0 && responseDefects(outcome).length === 0,
    );
    if (!incomplete || Date.now() > deadline) return examined;
  }
}

type TraceRow = Omit<TraceSpan, 'parentSpanId'> & { readonly traceId: string; readonly parentSpanId: string | null };

async function readTraces(
  outcomes: readonly Outcome[],
  databaseUrl: string,
): Promise<ReadonlyMap<string | undefined, readonly TraceSpan[]>> {
  const sql = readFileSync(new URL('trace-spans.sql', import.meta.url), 'utf8');
  const ids = outcomes.flatMap(({ traceId }) => traceId ?? []);
  const rows = await query<TraceRow>(databaseUrl, sql, [ids], 'ps_trace_reader');
  const spans = rows.map((row) => ({ ...row, parentSpanId: row.parentSpanId ?? undefined }));
  return Map.groupBy(spans, ({ traceId }) => traceId);
}

function responseDefects(outcome: Outcome): readonly string[] {
  const { kind, status, traceId } = outcome;
  if (kind === 'none') return [`got no response (${status})`];
  if (kind === 'bad' && !failedByFault(outcome)) return [`got a wrong response (${status})`];
  return traceId === undefined ? ['got a response without a traceresponse header'] : [];
}

function failedByFault({ kind, status, scenario }: Outcome): boolean {
  return kind === 'bad' && scenario.faultStatuses.some((candidate) => candidate === status);
}

function summaryOf(traces: readonly ExaminedTrace[]): readonly string[] {
  const titles = ['requests', 'made', 'good', 'failed by a fault', 'whole traces', 'spans per trace'];
  return layOut(
    titles.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' })),
    scenarios.map((scenario) => {
      const own = traces.filter(({ outcome }) => outcome.scenario === scenario);
      const spans = own.map((trace) => trace.spans);
      const counts = [
        own.length,
        own.filter(({ outcome }) => outcome.kind === 'good').length,
        own.filter(({ outcome }) => failedByFault(outcome)).length,
        own.filter(({ defects }) => defects.length === 0).length,
      ];
      return [scenario.name, ...counts.map(String), `${Math.min(...spans)}–${Math.max(...spans)}`];
    }),
  );
}

/** Prints the summary query of each dashboard. @returns whether all of them succeeded */
async function printDashboards(databaseUrl: string): Promise<boolean> {
  await untilAggregated(databaseUrl);
  let succeeded = true;
  for (const { folder, dashboard } of dashboards) {
    if (dashboard.summary === undefined) continue;
    const file = `dashboards/${folder}/${dashboard.summary}`;
    print(`  ${styleText('bold', file)}`);
    const script = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
    const options = { indent: '  ', maxRows: 12, role: 'ps_trace_reader', parameters: { from: 'now-5m' } } as const;
    if (!(await printResults(databaseUrl, script, options))) succeeded = false;
    print();
  }
  return succeeded;
}

/** The aggregates follow the spans after a few seconds. After a timeout, they are printed as they are. */
async function untilAggregated(databaseUrl: string): Promise<void> {
  const sql = 'SELECT FROM ps_trace.call_progress WHERE counted_at >= $1';
  const since = new Date();
  for (const deadline = Date.now() + storedWithinMs; Date.now() < deadline; await sleep(500))
    if ((await query(databaseUrl, sql, [since], 'ps_trace_reader')).length > 0) return;
}
