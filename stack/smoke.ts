import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dashboards } from '../dashboards/all.ts';
import { createAgent, type Outcome, performRequest, type Targets } from '../load/request.ts';
import { type Scenario, scenarios } from '../load/scenarios.ts';
import { printResults } from './print-results.ts';
import { query } from './postgres.ts';
import { type CheckedStore, checkProtocols, type CheckResult } from './protocol-checks.ts';
import type { PortPlan } from './services.ts';
import { layOut } from './table.ts';
import { paint, print, step } from './terminal.ts';
import { findFaults, type TraceSpan } from './whole-trace.ts';

export interface SmokePlan {
  readonly targets: Targets;
  /** What is read from its database is read with the rights of ps_trace_reader. */
  readonly store: CheckedStore;
  readonly ports: PortPlan;
}

interface Examined {
  readonly outcome: Outcome;
  readonly spans: number;
  readonly faults: readonly string[];
}

const requestsPerScenario = 20;
const requestTimeoutMs = 20_000;
/** How long the last span of a request may take to its row. */
const patienceMs = 30_000;
const mostFaultsShown = 20;

/**
 * Makes requests of every kind, checks that each came back as a whole trace, asks every protocol with the rights that users
 * have, and prints what the dashboards say.
 *
 * @returns whether everything was as it should be
 */
export async function runSmoke(plan: SmokePlan): Promise<boolean> {
  let outcomes: readonly Outcome[] = [];
  let examined: readonly Examined[] = [];
  await step('requests', async () => {
    outcomes = await makeRequests(plan.targets);
    return `${requestsPerScenario} of each kind`;
  });
  await step('traces', async () => {
    examined = await untilWhole(outcomes, plan);
    return `${examined.length} in the database`;
  });
  print();
  for (const line of summarise(examined)) print(`  ${line}`);
  print();
  const faults = examined.flatMap((entry) =>
    entry.faults.map((fault) => `${entry.outcome.scenario.name}: ${entry.outcome.traceId ?? 'no trace id'} ${fault}`),
  );
  for (const fault of faults.slice(0, mostFaultsShown)) print(`  ${paint('red', '✗')} ${fault}`);
  if (faults.length > mostFaultsShown) print(`  … and ${faults.length - mostFaultsShown} more`);
  const failed = await runChecks(plan.store);
  const queriesRan = await runDashboards(plan);
  const reasons = [
    ...(faults.length === 0 ? [] : [`${faults.length} faults in traces`]),
    ...failed.map(({ protocol, name }) => `${protocol} (${name})`),
    ...(queriesRan ? [] : ['a query of the dashboards']),
  ];
  if (reasons.length === 0) print(paint('green', '  Every trace is whole, and every protocol answers.'));
  else print(paint('red', `  Failed: ${reasons.join(', ')}`));
  return reasons.length === 0;
}

/** Asks every protocol, and prints a line for each answer. @returns what failed */
async function runChecks(store: CheckedStore): Promise<readonly CheckResult[]> {
  const results = await checkProtocols(store, ({ protocol, name, ok, found }) => {
    const mark = ok ? paint('green', '✓') : paint('red', '✗');
    print(`  ${mark} ${protocol.padEnd(14)}  ${name.padEnd(19)}  ${ok ? found : paint('red', `failed: ${found}`)}`);
  });
  print();
  return results.filter(({ ok }) => !ok);
}

/** The kinds take turns and a few requests overlap, so that no trace can be whole by being alone. */
async function makeRequests(targets: Targets): Promise<readonly Outcome[]> {
  const agent = createAgent();
  const waiting = Array.from({ length: requestsPerScenario }, () => scenarios).flat();
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      outcomes.push(await performRequest(next, targets, agent, requestTimeoutMs));
    }
  };
  await Promise.all([work(), work(), work()]);
  agent.destroy();
  return outcomes;
}

async function untilWhole(outcomes: readonly Outcome[], plan: SmokePlan): Promise<readonly Examined[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const traces = await readTraces(
      outcomes.flatMap(({ traceId }) => traceId ?? []),
      plan.store.databaseUrl,
    );
    const examined = outcomes.map((outcome) => examine(outcome, traces, plan.ports));
    // A wrong answer will not become right by waiting.
    const waiting = examined.some(({ outcome, faults }) => faults.length > 0 && answerFaults(outcome).length === 0);
    if (!waiting || Date.now() > deadline) return examined;
    await sleep(500);
  }
}

type TraceRow = Omit<TraceSpan, 'parentSpanId'> & { readonly traceId: string; readonly parentSpanId: string | null };

async function readTraces(
  ids: readonly string[],
  databaseUrl: string,
): Promise<ReadonlyMap<string, readonly TraceSpan[]>> {
  const sql = readFileSync(new URL('trace-spans.sql', import.meta.url), 'utf8');
  const traces = new Map<string, TraceSpan[]>();
  for (const { traceId, parentSpanId, ...row } of await query<TraceRow>(databaseUrl, sql, [ids], 'ps_trace_reader')) {
    const spans = traces.get(traceId) ?? [];
    spans.push({ ...row, parentSpanId: parentSpanId ?? undefined });
    traces.set(traceId, spans);
  }
  return traces;
}

function examine(outcome: Outcome, traces: ReadonlyMap<string, readonly TraceSpan[]>, ports: PortPlan): Examined {
  const spans = traces.get(outcome.traceId ?? '') ?? [];
  const services = new Map<number, string>(Object.entries(ports).map(([name, port]) => [port, name]));
  const faults = findFaults(spans, {
    kind: outcome.scenario.target === 'frontend' ? 'numbers' : 'password',
    failed: outcome.kind === 'bad',
    serviceOnPort: (port) => services.get(port),
  });
  return { outcome, spans: spans.length, faults: [...answerFaults(outcome), ...faults] };
}

function answerFaults({ kind, status, scenario, traceId }: Outcome): readonly string[] {
  if (kind === 'none') return [`got no answer (${status})`];
  if (kind === 'bad' && !failedByFault(scenario, status)) return [`got a wrong answer (${status})`];
  return traceId === undefined ? ['got an answer without a traceresponse header'] : [];
}

function failedByFault({ faultStatuses }: Scenario, status: Outcome['status']): boolean {
  return faultStatuses.some((candidate) => candidate === status);
}

function summarise(examined: readonly Examined[]): readonly string[] {
  const rows = scenarios.map((scenario) => {
    const own = examined.filter(({ outcome }) => outcome.scenario === scenario);
    const count = (test: (entry: Examined) => boolean): string => String(own.filter(test).length);
    const spans = own.map((entry) => entry.spans);
    return [
      scenario.name,
      String(own.length),
      count(({ outcome }) => outcome.kind === 'good'),
      count(({ outcome }) => outcome.kind === 'bad' && failedByFault(scenario, outcome.status)),
      count(({ faults }) => faults.length === 0),
      `${Math.min(...spans)}–${Math.max(...spans)}`,
    ];
  });
  const titles = ['requests', 'made', 'good', 'failed by a fault', 'whole traces', 'spans a trace'];
  return layOut(
    titles.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' })),
    rows,
  );
}

/** Prints the rows of each dashboard's query that says most. @returns whether all of them ran */
async function runDashboards({ store: { databaseUrl } }: SmokePlan): Promise<boolean> {
  await untilCounted(databaseUrl);
  let allRan = true;
  for (const { folder, dashboard } of dashboards) {
    if (dashboard.summary === undefined) continue;
    const file = `${folder}/${dashboard.summary}`;
    print(`  ${paint('bold', `dashboards/${file}`)}`);
    const script = readFileSync(new URL(`../dashboards/${file}`, import.meta.url), 'utf8');
    const ran = await printResults(databaseUrl, script, {
      indent: '  ',
      mostRows: 12,
      rounded: true,
      role: 'ps_trace_reader',
      parameters: { from: 'now-5m' },
    });
    allRan &&= ran;
    print();
  }
  return allRan;
}

/** The figures of calls are a little behind the spans; when they are far behind, they are printed as they are. */
async function untilCounted(databaseUrl: string): Promise<void> {
  const since = new Date();
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const rows = await query<{ counted: boolean | null }>(
      databaseUrl,
      'SELECT counted_at >= $1 AS counted FROM ps_trace.call_progress',
      [since],
      'ps_trace_reader',
    );
    if (rows[0]?.counted === true) return;
    await sleep(500);
  }
}
